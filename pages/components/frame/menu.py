"""What Streamlit's menu lacks: a drawer that closes when narrow, pages that begin at the top, a name."""

from pages.components.base.component import register

_menu = register(__file__)


def mend() -> None:
    """Give the menu what it lacks."""
    _menu(key="menu")
