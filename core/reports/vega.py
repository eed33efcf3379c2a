"""What all charts share: parts of Vega-Lite specs.

A spec holds no data and names no colours: Streamlit gives the series, in their order, the `chartCategoricalColors` of
the theme, light or dark. "currentColor" is the text colour of the page around the SVG, because Streamlit's greys are
too pale for small type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = dict[str, float | str | bool]
Spec = dict[str, Any]

FRAME: Spec = {"padding": {"left": 0, "right": 10, "top": 6, "bottom": 4}}  # Streamlit's is made for taller charts
LINE: Spec = {"type": "line", "strokeWidth": 2, "clip": True}
POINT: Spec = {"type": "point", "filled": True, "opacity": 1}
DASHES = ([1, 0], [5, 3], [2, 2])  # of the first, second and third series
AXIS: Spec = {
    "labelColor": "currentColor",
    "labelFontSize": 11,
    "labelOverlap": False,
    "labelPadding": 4,
    "titleColor": "currentColor",
    "titleFontSize": 12,
    "titlePadding": 6,
}
_LEGEND: Spec = {"labelColor": "currentColor", "offset": 2, "orient": "top", "padding": 0}


def quantity(field: str, title: str, low: float, high: float, *, scale: Spec | None = None, **axis: Any) -> Spec:
    """An encoding of a number: its field, and an axis from `low` to `high` with further properties."""
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [low, high], "nice": False} | (scale or {}),
        "axis": AXIS | axis,
    }


def share(field: str, title: str, **axis: Any) -> Spec:
    """An encoding of a number from 0 to 1, whose axis is in percent."""
    return quantity(field, title, 0, 1, **({"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]} | axis))


def category(field: str, names: Sequence[str], values: Sequence[Any] = (), **legend: Any) -> Spec:
    """An encoding of names by colour, or by given values, with a legend above the chart."""
    scale = {"domain": list(names)} | ({"range": list(values)[: len(names)]} if values else {})
    return {"field": field, "type": "nominal", "title": None, "scale": scale, "legend": _LEGEND | legend}


def where(condition: str, mark: Spec, encoding: Spec | None = None) -> Spec:
    """A layer that shows only the rows that meet a condition on `datum`."""
    return {"transform": [{"filter": condition}], "mark": mark} | ({"encoding": encoding} if encoding else {})
