"""The figures of a run in one row, and under them how far it is: a component that keeps its place to the pixel."""

from pages.components.base.component import register

_figures = register(__file__)


def render(figures: dict[str, str], share: float, said: str, bring: str = "") -> None:
    """Draw them.

    Args:
        figures: value by label, in order.
        share: how much of the run is done, 0 to 1.
        said: where it is, in words.
        bring: id of a run to scroll to, once, where it is out of sight: below the form, or above an open group of it.
    """
    rows = [{"label": label, "value": value} for label, value in figures.items()]
    _figures(key="run_figures", data={"figures": rows, "share": share, "said": said, "bring": bring})
