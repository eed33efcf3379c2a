"""A newcomer's path: from the first drawing to a better model than Script A, and why it is better."""

import streamlit as st

from core.lessons.glossary import TERMS
from core.lessons.improvements import BETTER, BETTER_QUICK, SCRIPT_A_QUICK
from core.networks.presets import PRESETS
from pages.components.learn import recipe_button
from pages.components.learn.chapter_links import address
from pages.components.learn.glossary_view import question

TITLE = "A better model than Script A"
SUMMARY = "A path of eight steps, a quarter of an hour: draw, train, look, change one thing, compare, and know why."
THIN = "\N{THIN SPACE}"


def render() -> None:
    """Draw the eight steps, each with a link or a button to where it happens."""
    st.markdown(
        f"Script A is a good program: it reads 99.1{THIN}% of MNIST's test digits. Here is how to train a better "
        "model and understand why it is better. Links and buttons take you to each step; come back to this chapter "
        "under Learn."
    )
    _render_script_a()
    _render_one_cycle()
    _render_all_images()
    _render_outlook()


def _render_script_a() -> None:
    _step(1, "Draw a digit", "A trained network reads it. Find one or two digits that it gets wrong.")
    st.page_link("pages/draw.py", label="Open Draw", icon=":material/draw:")
    _step(
        2,
        "Train Script A, the quick way",
        "The button sets the controls of the Train page; press Train there. The network learns from 10,000 images "
        "instead of 60,000, five times over, which takes about twenty seconds. While it learns, it reads your own "
        "digit again and again.",
    )
    recipe_button.render("Script A, quick", SCRIPT_A_QUICK, key="path_script_a", is_main=True)
    _step(
        3,
        "Look at its curves",
        "The accuracy leaps up in the first seconds and then creeps. Note the validation accuracy at the end: about "
        f"98.1{THIN}%. In the chart of the learning rate there is a flat line: the rate is the same from the first "
        f"step to the last. {question(TERMS['learning-rate'])}",
    )


def _render_one_cycle() -> None:
    _step(
        4,
        "Change one thing",
        "Instead of staying constant, let the learning rate climb to three times its value and then fall to nearly "
        "nothing. Network, images and epochs stay the same. What do you think will happen? Say it aloud, then press "
        f"Train. {question(TERMS['one-cycle'])}",
    )
    recipe_button.render("One cycle, quick", BETTER_QUICK, key="path_one_cycle", is_main=True)
    _step(
        5,
        "Compare",
        "Select both runs on the Runs page. The list of differences should name the learning rate and its schedule, "
        "with the warm-up that is part of it, and nothing else. The new curve often lies below the old one at first, "
        f"and ends above it: about 98.7{THIN}% against 98.1. With 10,000 test images chance explains two or three "
        "tenths of a percent, and this is twice as much.",
    )
    st.page_link("pages/runs.py", label="Open Runs", icon=":material/compare:")
    _step(
        6,
        "Know why",
        "A constant rate is a compromise. Large steps get near the goal quickly, but then jump over it again and "
        "again; small steps find the goal, but five epochs are over before they reach it. One cycle has both: large "
        "steps while the goal is far, small ones at the end. It starts slowly because large steps would throw a "
        "network with random weights off course.",
    )
    st.markdown(
        f"Read on: [Optimisers]({address('optimizers')}), and what else could be changed: "
        f"[Improving Script A]({address('improvements')})."
    )


def _render_all_images() -> None:
    _step(
        7,
        "Now with all images",
        "The same change on 60,000 images, and, for comparison, Script A unchanged. Each takes about a minute and a "
        f"half. Expect about 99.3{THIN}% against 99.1. That seems little, but one error in four is gone.",
    )
    with st.container(horizontal=True, key="path_full"):
        recipe_button.render("Script A, all images", PRESETS["script-a"], key="path_script_a_full")
        recipe_button.render("One cycle, all images", BETTER, key="path_one_cycle_full", is_main=True)


def _render_outlook() -> None:
    _step(
        8,
        "Draw again",
        'Choose your new run under "answered by" on Draw, and try the digits from step 1. If it still fails on some, '
        "the learning rate is not the reason: nobody in MNIST writes them that way. Augmentation, and built-in digits "
        f"mixed in, are the next things to change. {question(TERMS['augmentation'])}",
    )
    st.markdown(
        "To go further, choose the preset Fast and set it to five epochs. Its network is smaller, halves the sides of "
        "the image at once and normalises between its layers; with the same kind of schedule it reads about "
        f"99.4{THIN}%, in half the time. {question(TERMS['batch-normalisation'])}"
    )


def _step(number: int, title: str, text: str) -> None:
    st.header(f"{number}. {title}", anchor=f"step-{number}")
    st.markdown(text)
