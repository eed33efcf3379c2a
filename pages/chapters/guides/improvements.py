"""The improvements of Script A, one at a time: what each does, what to expect, and the recipe to try it."""

import streamlit as st

from core.formatting import percent
from core.insight.metrics import accuracy_interval
from core.lessons.glossary import TERMS
from core.lessons.improvements import IMPROVEMENTS, SCRIPT_A_MEASURED, Improvement
from core.networks.presets import PRESETS
from pages.components.base.typesetting import caption
from pages.components.learn import recipe_button
from pages.components.learn.glossary_view import question

TITLE = "Improving Script A"
SUMMARY = "What its text says is missing, one change at a time: what it does, what to expect, and a button to try it."


def render() -> None:
    """Draw each piece of advice with a button to try it, then all of them at once, then the measured accuracies."""
    st.markdown(
        "Script A works, and its text names what could be better. Here is each piece of advice by itself, with a "
        "recipe that is Script A with **this one change** and nothing else. That is how to find out what something "
        "does: change one thing, keep the rest, compare."
    )
    _render_how_to_compare()
    for improvement in IMPROVEMENTS:
        _render_improvement(improvement)
    _render_all_at_once()
    _render_measured()


def _render_how_to_compare() -> None:
    low, high = accuracy_interval(0.991, 10_000)
    with st.container(border=True, gap="small", key="how_to_compare"):
        st.markdown(
            "**How to compare.** Train Script A once, then the change; both stay on the Runs page. Select both there: "
            "their curves are drawn in one chart, and the differences between their recipes are listed."
        )
        with st.container(horizontal=True, vertical_alignment="center", key="compare_buttons"):
            recipe_button.render("Train Script A", PRESETS["script-a"], key="try_script_a")
            st.page_link("pages/runs.py", label="Open Runs")
        caption(
            f"How large must a difference be? An accuracy of 99.1\N{THIN SPACE}% on 10,000 test images stands for "
            f"anything from {percent(low)} to {percent(high)}, and another seed changes it too. A difference of less "
            "than two tenths of a percent between two runs says nothing. If you are in a hurry, choose the quick size "
            "under Data for both: it is six times as fast, and differences are larger."
        )


def _render_improvement(improvement: Improvement) -> None:
    with st.container(gap="xsmall", key=f"improvement_{improvement.key}"):
        st.header(improvement.title, anchor=improvement.key)
        st.markdown(f"**The change.** {improvement.change}")
        st.markdown(f"**Why.** {improvement.reason}")
        st.markdown(f"**What to expect.** {improvement.expectation}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"links_{improvement.key}"):
            recipe_button.render("Try it", improvement.recipe, key=f"try_{improvement.key}")
            st.markdown(f":small[{question(TERMS[improvement.term])}]", width="content")


def _render_all_at_once() -> None:
    improved = PRESETS["script-a-improved"]
    st.header("All at once", anchor="all-at-once")
    st.markdown(
        "The preset **Script A, improved** follows all of the advice together, with the example network from the "
        f"text: it pools a third time and has two dropouts, and {improved.network.parameters:,} parameters instead of "
        f"{PRESETS['script-a'].network.parameters:,}. It ends near 98.7\N{THIN SPACE}%, **below** Script A's "
        "99.1\N{THIN SPACE}%, and takes longer."
    )
    st.markdown(
        "There is nothing wrong with it. After the third pooling, 64 numbers are left of the image, dropout hides half "
        "of what comes after them, a penalty holds the weights back, and the images are turned and moved as well. Each "
        "of these is a brake against overfitting, and Script A hardly overfits; four brakes at once stop it from "
        "learning enough. Good advice is a list of things to try, not a list of things to do."
    )
    recipe_button.render("Try all at once", improved, key="try_all")


def _render_measured() -> None:
    st.header("What was measured", anchor="measured")
    rows = [("Script A", *SCRIPT_A_MEASURED), *((change.title, *change.measured) for change in IMPROVEMENTS)]
    lines = [f"| {name} | {percent(test)} | {percent(drawn)} |" for name, test, drawn in rows]
    st.markdown("\n".join(["| | Test images | Drawn digits |", "|---|---:|---:|", *lines]))
    best = max(IMPROVEMENTS, key=lambda change: change.measured[1])
    gain = (best.measured[1] - SCRIPT_A_MEASURED[1]) * 100
    caption(
        "Trained on 10,000 images, to be quick. Each figure is the mean of two runs, and two such means of the same "
        f"recipe differ by two or three tenths of a percent. The largest gain on drawn digits: {best.title.lower()}, "
        f"{gain:.1f} percentage points."
    )
