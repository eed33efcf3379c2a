"""Test images with what the network reads in them now; wrong answers are boxed and struck through."""

import numpy as np
import streamlit as st

from core.formatting import a_digit
from core.store.run_tables import NoSuchRun
from core.store.runs import run_store
from pages.components.base.typesetting import caption
from pages.components.images import thumbnails

IMAGES = 20


def render(run_id: str | None, answers: tuple[int, ...]) -> None:
    """Draw the run's first test images with these answers; empty squares before the run has images."""
    images, labels = _samples(run_id) if run_id else (None, [])
    words, alt, marks = ["\N{NO-BREAK SPACE}"] * IMAGES, ["A test image, not read yet"] * IMAGES, []
    if is_read := bool(labels and answers):
        words = [str(answer) for answer in answers[:IMAGES]]
        marks = [answer == label for answer, label in zip(answers, labels, strict=False)]
        alt = [
            f"{a_digit(label).capitalize()}, {'read right' if is_right else f'wrongly read as {word}'}"
            for label, is_right, word in zip(labels, marks, words, strict=True)
        ]
    name = "Test images and how they are read"
    thumbnails.render("sample_strip", name, images, words, alt, marks, columns=10, side=28)
    if not is_read:
        caption("Twenty test images. Each will carry the digit that the network reads in it.")
        return
    boxed = "" if all(marks) else "; wrong answers are boxed and struck through"
    caption(f"Reads {sum(marks)} of these {len(marks)} test images right{boxed}.")


def _samples(run_id: str) -> tuple[np.ndarray | None, list[int]]:
    try:
        return _stored_samples(run_id)
    except NoSuchRun:
        return None, []  # the worker has not looked at its data yet


@st.cache_data(show_spinner=False, max_entries=100)
def _stored_samples(run_id: str) -> tuple[np.ndarray, list[int]]:
    samples = run_store().samples(run_id)[:IMAGES]
    return samples.images, samples.labels.tolist()
