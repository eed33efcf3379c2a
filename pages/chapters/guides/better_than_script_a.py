"""The way of a newcomer: from the first drawing to a better model than Script A, and why it is better."""

import streamlit as st

from core.lessons.glossary import find
from core.lessons.improvements import BETTER, BETTER_QUICK, SCRIPT_A_QUICK
from core.networks.presets import PRESETS
from pages.components.learn import try_it
from pages.components.learn.glossary_view import address, question

TITLE = "A better model than Script A"
SUMMARY = "A path of eight steps, a quarter of an hour: draw, train, look, change one thing, compare, and know why."


def render() -> None:
    """The steps, each with the way to where it happens."""
    st.markdown(
        "Script A is a good program: it reads 99.1\N{THIN SPACE}% of MNIST's test digits. Here is how to train a "
        "better one and to know why it is better. Links and buttons lead you there; this chapter waits under Learn."
    )
    _step(1, "Draw a digit", "A network reads it, which somebody has trained. Find one or two that it gets wrong.")
    st.page_link("pages/draw.py", label="Open Draw", icon=":material/draw:")
    _step(
        2,
        "Train Script A, the quick way",
        "The button fills the controls of the Train page; press Train there. It learns from 10,000 images instead of "
        "60,000, five times through, which takes about twenty seconds. While it runs, it answers your own digit again "
        "and again.",
    )
    try_it.button("Script A, quick", SCRIPT_A_QUICK, key="path_script_a", is_main=True)
    _step(
        3,
        "Look at its curves",
        "The accuracy leaps up in the first seconds and then creeps. Note the validation accuracy at the end: about "
        f"98.1\N{THIN SPACE}%. In the chart of the learning rate there is a flat line: every step has the same "
        f"length, from the first to the last. {_asked('learning-rate')}",
    )
    _step(
        4,
        "Change one thing",
        "Instead of always the same, the learning rate is to climb to three times as much and then to sink to nearly "
        "nothing. Network, images and epochs stay as they are. What do you think will happen? Say it aloud, then press "
        f"Train. {_asked('one-cycle')}",
    )
    try_it.button("One cycle, quick", BETTER_QUICK, key="path_one_cycle", is_main=True)
    _step(
        5,
        "Compare",
        "Select both runs on the Runs page. The list of differences should name the learning rate and its schedule, "
        "with the warmup that comes with it, and nothing else. The new curve often lies below the old one at first, "
        "and ends above it: about "
        "98.7\N{THIN SPACE}% against 98.1. With 10,000 test images chance explains two or three tenths of a percent, "
        "and this is twice as much.",
    )
    st.page_link("pages/runs.py", label="Open Runs", icon=":material/compare:")
    _step(
        6,
        "Know why",
        "A constant rate is a compromise. Large steps cover the way quickly, but near the goal they jump over it again "
        "and again; small steps find the goal, but five epochs are over before they are there. One cycle has both: "
        "large steps while the way is long, small ones at the end. The slow start is there because a network of random "
        "weights is thrown off by large steps.",
    )
    st.markdown(
        f"Read on: [Optimisers]({address('optimizers')}), and what else could be changed: "
        f"[Improving Script A]({address('improvements')})."
    )
    _step(
        7,
        "Now with all images",
        "The same change on 60,000 images, beside Script A as it stands. Each takes about a minute and a half. Expect "
        "about 99.3\N{THIN SPACE}% against 99.1. That seems little, and yet one error in four is gone.",
    )
    with st.container(horizontal=True, key="path_full"):
        try_it.button("Script A, all images", PRESETS["script-a"], key="path_script_a_full")
        try_it.button("One cycle, all images", BETTER, key="path_one_cycle_full", is_main=True)
    _step(
        8,
        "Draw again",
        'Choose your new run under "answered by" on Draw, and try the digits from step 1. If it still fails on some, '
        "that is no question of the learning rate: nobody in MNIST writes them so. Augmentation, and built-in digits "
        f"mixed in, are the next things to change. {_asked('augmentation')}",
    )
    st.markdown(
        "Who wants more: choose the preset Fast and set it to five epochs. Its network is smaller, halves the sides of "
        "the image at once and normalises between its layers; with the same kind of schedule it reads about "
        f"99.4\N{THIN SPACE}%, in half the time. {_asked('batch-normalisation')}"
    )


def _step(number: int, title: str, text: str) -> None:
    st.header(f"{number}. {title}", anchor=f"step-{number}")
    st.markdown(text)


def _asked(word: str) -> str:
    term = find(word)
    return question(term) if term else ""
