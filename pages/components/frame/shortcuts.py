"""The keyboard's shortcuts on every page, and the list of them that "?" opens."""

from pages.components.base.component import register

_shortcuts = register(__file__)


def render() -> bool:
    """Listen to the keys; most click what is on the page, so that a key can do no more than a hand.

    Returns:
        Whether the key for projector mode has just been pressed.
    """
    return bool(_shortcuts(key="shortcuts", on_projector_change=lambda: None).projector)
