"""A strip of test images with what the network reads in them now; wrong answers are crossed out and boxed."""

import streamlit as st

from core.reports.charts import digits_mask
from core.reports.images import data_url
from core.store.runs import NoSuchRun, run_store
from pages.components.base.component import register
from pages.components.base.typesetting import caption

IMAGES = 20
_strip = register(__file__, html='<ul role="list" aria-label="Test images and how they are read"></ul>')


def render(run_id: str | None, answers: tuple[int, ...]) -> None:
    """Draw the run's sample images with these answers; empty sheets where there are no images yet."""
    kept = _samples(run_id) if run_id else None
    image, labels = kept or ("", [])
    _strip(key="sample_strip", data={"count": IMAGES, "image": image, "labels": labels, "answers": answers[:IMAGES]})
    if not labels or not answers:
        caption("Twenty test images. Each will carry the digit that the network reads in it.")
        return
    right = sum(answer == label for answer, label in zip(answers, labels, strict=False))
    boxed = "; wrong answers are boxed and struck through" if right < len(labels) else ""
    caption(f"Reads {right} of these {len(labels)} test images right{boxed}.")


@st.cache_data(show_spinner=False, max_entries=100)
def _kept_samples(run_id: str) -> tuple[str, list[int]]:
    samples = run_store().samples(run_id)[:IMAGES]
    return data_url(digits_mask(samples.images)), samples.labels.tolist()


def _samples(run_id: str) -> tuple[str, list[int]] | None:
    try:
        return _kept_samples(run_id)
    except NoSuchRun:
        return None  # the worker has not looked at its data yet
