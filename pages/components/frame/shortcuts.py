"""The keyboard shortcuts of every page, and the list of them that "?" opens.

A component of our own: `st.button(shortcut=...)` knows neither "C" nor "?", and its keys can neither be listed nor
switched off, which people who control the computer by voice need.
"""

from pages.components.base.component import register

_shortcuts = register(__file__)


def render() -> bool:
    """Listen to the keys. Most of them click a button or link of the page, so they can do no more than a mouse.

    Returns:
        Whether the key for projector mode has just been pressed.
    """
    return bool(_shortcuts(key="shortcuts", on_projector_change=lambda: None).projector)
