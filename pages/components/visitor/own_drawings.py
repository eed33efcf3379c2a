"""The visitor's own drawings: correct a wrong answer, look through what was kept, and teach it to the model."""

from functools import partial

import numpy as np
import streamlit as st

from core.errors import problem_of
from core.formatting import a_digit
from core.insight.prediction import Answer
from core.store.drawings import MAX_DRAWINGS, OwnDrawing, as_archive, as_digits, drawing_store, key_of
from core.store.runs import run_store
from core.training.fine_tuning import FineTuning, fine_tuned_name, fine_tuning_recipe
from pages.components.base import errors
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images import thumbnails
from pages.components.visitor import model_choice, workspace
from pages.components.visitor.engine import engine

LABEL_WIDTH = 104  # pixels before the ten digits, so that they stay in place whatever it says


def render(answer: Answer) -> None:
    """Draw "Wrong? It is a [0] ... [9]" for an answer, and what can be done with the drawings that were kept."""
    own = drawing_store().drawings(workspace.owner())
    if answer.image is not None:
        image = (answer.image * 255).round().astype(np.uint8)
        st.session_state.last_drawing = image
        _render_correction(image, own)
    if own:
        _render_own(own)


def last_drawing() -> np.ndarray | None:
    """The visitor's last drawing of this session, (28, 28) uint8, as the network saw it."""
    drawing: np.ndarray | None = st.session_state.get("last_drawing")
    return drawing


def _render_correction(image: np.ndarray, own: list[OwnDrawing]) -> None:
    label = next((drawing.label for drawing in own if drawing.key == key_of(image)), None)
    st.session_state.right_digit = label
    with st.container(key="correction", horizontal=True, vertical_alignment="center", gap="small"):
        caption("Wrong? It is a" if label is None else f"Kept as {a_digit(label)}.", width=LABEL_WIDTH)
        st.segmented_control(
            "The right digit",
            range(10),
            key="right_digit",
            label_visibility="collapsed",
            on_change=_keep_or_remove,
            args=(image,),
            width=420,
        )


@errors.in_callback()
def _keep_or_remove(image: np.ndarray) -> None:
    label = st.session_state.right_digit
    if label is None:  # the chosen digit was tapped a second time
        drawing_store().remove(workspace.owner(), key_of(image))
    elif label in range(10):  # any browser may send anything
        drawing_store().keep(workspace.owner(), image, label)


def _render_own(own: list[OwnDrawing]) -> None:
    count = f"{len(own)} drawing{'s' * (len(own) > 1)} of yours"
    with st.container(key="own_drawings", horizontal=True, vertical_alignment="center", gap="small"):
        kept = st.popover(count, key="own_set", on_change="rerun")
        if kept.open:
            with kept, st.container(width=300, gap="small"):
                _render_set(own)
        refusal = problem_of(lambda: run_store().check_may_submit(workspace.owner()))
        name = model_choice.name()
        if st.button("Teach", key="teach", icon=":material/school:", disabled=bool(refusal)):
            _fine_tune(own, name)
        caption(
            plain(refusal) if refusal else f"A copy of {plain(name[:30])} learns to read them.",
            width="content",
        )


def _render_set(own: list[OwnDrawing]) -> None:
    caption(f"Kept with the digit that you gave each: {len(own)} of at most {MAX_DRAWINGS}.")
    images, labels = np.stack([drawing.image for drawing in own]), [drawing.label for drawing in own]
    with st.container(height=220 if len(own) > 15 else "content", border=False):
        alt = [f"{a_digit(label).capitalize()} of yours" for label in labels]
        removed = thumbnails.render(
            "own_thumbnails",
            "My drawings",
            images,
            [str(label) for label in labels],
            alt,
            removable=[drawing.key for drawing in own],
        )
    if removed:
        drawing_store().remove(workspace.owner(), removed)
        st.rerun()
    if st.session_state.get("removes_all"):
        st.markdown(f"Delete all {len(own)}? They cannot be brought back.")
        with st.container(horizontal=True, gap="xsmall"):
            st.button("Delete them", key="remove_all", on_click=_remove_all)
            st.button("Keep them", key="remove_none", on_click=_cancel_removal)
        return
    with st.container(horizontal=True, gap="xsmall"):
        st.download_button(
            "Download",
            partial(as_archive, own),
            "inkling-drawings.npz",
            "application/octet-stream",
            key="download_drawings",
            icon=":material/download:",
            on_click="ignore",
            help="A NumPy archive with images and labels, as MNIST has them.",
        )
        st.button("Delete all", key="ask_remove_all", icon=":material/delete:", on_click=_ask_whether_to_remove_all)


def _ask_whether_to_remove_all() -> None:
    st.session_state.removes_all = True


def _cancel_removal() -> None:
    st.session_state.pop("removes_all", None)


@errors.in_callback()
def _remove_all() -> None:
    drawing_store().remove_all(workspace.owner())
    _cancel_removal()


def _fine_tune(own: list[OwnDrawing], name: str) -> None:
    """Queue the fine-tuning of the model that answers now, and go to Train to watch it."""
    model = model_choice.chosen()
    fine_tuning = FineTuning(model, as_digits(own))
    run_id = run_store().submit(
        workspace.owner(),
        fine_tuning_recipe(model.recipe),
        fine_tuned_name(name),
        fine_tuning=fine_tuning,
        drawing=last_drawing(),
    )
    engine().check_queue()
    st.switch_page("pages/train.py", query_params={"run": run_id})
