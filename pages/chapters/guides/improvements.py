"""The improvements of Script A, one at a time: what each does, what to expect, and the recipe to try it."""

import streamlit as st

from core.formatting import percent
from core.insight.metrics import accuracy_interval
from core.lessons.glossary import find
from core.lessons.improvements import IMPROVEMENTS, SCRIPT_A_MEASURED, Improvement
from core.networks.presets import PRESETS
from pages.components.base.typesetting import caption
from pages.components.learn import try_it
from pages.components.learn.glossary_view import question

TITLE = "Improving Script A"
SUMMARY = "What its text says is missing, one change at a time: what it does, what to expect, and a button to try it."


def render() -> None:
    """What the text advises, one after the other; then all at once, and what was measured."""
    st.markdown(
        "Script A works, and its text names what could be better. Here is each piece of advice by itself, with a "
        "recipe that is Script A with **this one change** and nothing else. That is how one finds out what something "
        "does: change one thing, keep the rest, compare."
    )
    _how_to_compare()
    for improvement in IMPROVEMENTS:
        _render(improvement)
    _all_at_once()
    _measured()


def _how_to_compare() -> None:
    low, high = accuracy_interval(0.991, 10_000)
    with st.container(border=True, gap="small", key="how_to_compare"):
        st.markdown(
            "**How to compare.** Train Script A once, then the change; both stay on the Runs page. Select both there: "
            "their curves are laid over each other, and what differs in their recipes is listed."
        )
        with st.container(horizontal=True, vertical_alignment="center", key="compare_ways"):
            try_it.button("Train Script A", PRESETS["script-a"], key="try_script_a")
            st.page_link("pages/runs.py", label="Open Runs")
        caption(
            f"How large must a difference be? An accuracy of 99.1\N{THIN SPACE}% on 10,000 test images stands for "
            f"anything from {percent(low)} to {percent(high)}, and another seed moves it too. Less than two tenths of "
            "a percent between two runs says nothing. In a hurry, choose the quick size under Data for both: six times "
            "as fast, and differences show more."
        )


def _render(improvement: Improvement) -> None:
    with st.container(gap="xsmall", key=f"improvement_{improvement.key}"):
        st.header(improvement.title, anchor=improvement.key)
        st.markdown(f"**The change.** {improvement.what}")
        st.markdown(f"**Why.** {improvement.why}")
        st.markdown(f"**What to expect.** {improvement.expect}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"ways_{improvement.key}"):
            try_it.button("Try it", improvement.recipe, key=f"try_{improvement.key}")
            term = find(improvement.term)
            if term:
                st.markdown(f":small[{question(term)}]", width="content")


def _all_at_once() -> None:
    improved = PRESETS["script-a-improved"]
    st.header("All of it at once", anchor="all-at-once")
    st.markdown(
        "The preset **Script A, improved** follows all of the advice together, with the text's own example network: it "
        f"pools a third time and has two dropouts, and {improved.network.parameters:,} parameters instead of "
        f"{PRESETS['script-a'].network.parameters:,}. It ends near 98.7\N{THIN SPACE}%, **below** Script A's "
        "99.1\N{THIN SPACE}%, and takes longer."
    )
    st.markdown(
        "There is nothing wrong with it. After the third pooling 64 numbers are left of the image, dropout hides half "
        "of what comes after them, a penalty holds the weights back, and the images are turned and moved besides. Each "
        "of these is a brake against overfitting, and Script A hardly overfits; four brakes at once stop it from "
        "learning enough. Good advice is a list of things to try, not a list of things to do."
    )
    try_it.button("Try all at once", improved, key="try_all")


def _measured() -> None:
    st.header("What was measured", anchor="measured")
    test, drawn = SCRIPT_A_MEASURED
    rows = [("Script A", test, drawn), *((change.title, *change.measured) for change in IMPROVEMENTS)]
    st.markdown(
        "\n".join(
            [
                "| | Test images | Drawn digits |",
                "|---|---:|---:|",
                *(f"| {name} | {percent(test)} | {percent(drawn)} |" for name, test, drawn in rows),
            ]
        )
    )
    best = max(IMPROVEMENTS, key=lambda change: change.measured[1])
    caption(
        "Trained on 10,000 images, to be quick; each figure is a mean of two runs, and two such means of the same "
        f"recipe differ by two or three tenths of a percent. Most gained on drawn digits: {best.title.lower()}, "
        f"{(best.measured[1] - drawn) * 100:.1f} percentage points."
    )
