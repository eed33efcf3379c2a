"""An image on the page that has its room before the browser has read it, so that nothing under it jumps."""

import streamlit as st


def render(image: str, size: int, alt: str) -> None:
    """Draw it.

    Args:
        image: a square one: its address, or SVG.
        size: its side on the page, in pixels.
        alt: what it shows, for who cannot see it.
    """
    with st.container(width=size, height=size, border=False):
        st.image(image, width=size, alt=alt)
