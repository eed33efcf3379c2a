"""Accuracy and loss of one run, or of several overlaid, over epochs or over time."""

import string
from collections.abc import Sequence

import streamlit as st

from core.networks.names import shortened
from core.reports.curves import MOST, Axis, Curve, Value, overlaid_curves, overlaid_rows, overlay_sentence
from pages.components.base import theme
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.runs.selected_runs import Selected

HEIGHT = 260  # pixels
MAX_NAME = 16  # letters of a name above a chart
_AXES: dict[Axis, str] = {"epoch": "By epoch", "seconds": "By time"}


def render(selected: Sequence[Selected]) -> None:
    """Render both charts side by side, what they show in a sentence, and for several runs the choice of the axis.

    Args:
        selected: one of them at least has curves.
    """
    short = [shortened(one.name, MAX_NAME) for one in selected]
    named = zip(lettered(short) if len(selected) > 1 else [selected[0].name], selected, strict=True)
    curves = [
        Curve(name, one.run.points, one.run.history, one.scores.seconds if one.scores else 0.0)
        for name, one in named
        if one.run and one.has_curves
    ]
    has_more, curves = len(curves) > MOST, curves[:MOST]
    axis: Axis = "epoch"
    if len(curves) > 1:
        axis = st.segmented_control(
            "Along the bottom", list(_AXES), default="epoch", format_func=_AXES.__getitem__, key="curve_axis",
            label_visibility="collapsed", required=True,
        )  # fmt: skip
    rows = overlaid_rows(curves)
    values: tuple[Value, ...] = ("accuracy", "loss")
    for column, value in zip(st.columns(2, gap="small"), values, strict=True):
        with column:
            spec = overlaid_curves(curves, value, axis, theme.RUNS[theme.name()])
            alt = f"{value.capitalize()} curves of {', '.join(curve.name for curve in curves)}"
            st.vega_lite_chart(rows, spec, key=f"{value}_curves", height=HEIGHT, alt=alt)
    symbols = " Each has its colour and its symbol." if len(curves) > 1 else ""
    more = f" Only the first {MOST} are drawn." if has_more else ""
    caption(f"{plain(overlay_sentence(curves))} Training is solid, validation dashed.{symbols}{more}")


def lettered(names: Sequence[str]) -> list[str]:
    """The names with a letter before each, which tells apart those that begin alike: "A Fast", "B Fast (2)"."""
    return [f"{string.ascii_uppercase[index % 26]} {name}" for index, name in enumerate(names)]
