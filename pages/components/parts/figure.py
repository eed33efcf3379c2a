"""A figure and what it is, set as those of Model and Train are: `st.metric` knows no heading font."""

from pages.components.base.component import register

_figure = register(__file__, html="<dl><dt></dt><dd></dd></dl>")


def render(label: str, value: str) -> None:
    """Draw it."""
    _figure(key=f"figure_{label}", data={"label": label, "value": value})
