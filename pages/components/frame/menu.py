"""What Streamlit's menu lacks: a drawer that closes when a page is chosen, pages that open at their top, a name."""

from pages.components.base.component import register

_menu = register(__file__)


def render() -> None:
    """Give Streamlit's menu what it lacks; nothing is shown."""
    _menu(key="menu")
