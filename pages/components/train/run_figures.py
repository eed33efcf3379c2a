"""The figures of a run in one row, and below them its progress.

A component of our own: `st.metric` in columns would stand one below the other on a phone, and figures that change
twice a second would move their neighbours; these keep their place to the pixel. It also scrolls a new run into view.
"""

from pages.components.base.component import register

_figures = register(__file__)


def render(figures: dict[str, str], share: float, status: str, scroll_to: str = "") -> None:
    """Draw the figures, the progress bar and a sentence below it.

    Args:
        figures: value by label, in order.
        share: how much of the run is done, 0 to 1.
        status: the sentence.
        scroll_to: id of a run to scroll to, once, where it is out of sight.
    """
    rows = [{"label": label, "value": value} for label, value in figures.items()]
    _figures(key="run_figures", data={"figures": rows, "share": share, "status": status, "scroll_to": scroll_to})
