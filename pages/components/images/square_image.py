"""An image whose space is reserved before the browser has loaded it, so that nothing below it jumps."""

import streamlit as st


def render(image: str, size: int, alt: str) -> None:
    """Draw the image.

    Args:
        image: the address of a square image, or SVG.
        size: its side on the page, in pixels.
        alt: what it shows, for screen readers.
    """
    with st.container(width=size, height=size, border=False):
        st.image(image, width=size, alt=alt)
