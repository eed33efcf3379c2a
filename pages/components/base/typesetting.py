"""Text that Streamlit's own elements would show too pale to read."""

import streamlit as st
from streamlit.elements.lib.layout_utils import Width


def caption(text: str, width: Width = "stretch") -> None:
    """Draw small grey text; `st.caption` is paler than WCAG AA allows.

    The text is Markdown: `errors.plain` escapes what comes from outside.
    """
    st.markdown(f":small[:gray[{text}]]", width=width)


def on_accent(label: str) -> str:
    """The label of an enabled primary button, dark in the dark theme: Streamlit's white is illegible on its yellow."""
    return f':color[{label}]{{foreground="#15211D"}}' if st.context.theme.type == "dark" else label
