"""Which model answers: the shipped one, or one that the visitor opens from a file."""

import streamlit as st

from core.errors import InklingError
from core.insight.evaluation import percent
from core.networks.model import Model, pretrained, read_model
from pages.components.errors import plain

MAX_MODEL_MB = 25  # the size of `server.maxUploadSize`


def chosen() -> Model:
    """The model that answers now."""
    return st.session_state.get("opened_model") or pretrained()


def show() -> None:
    """Draw "answered by [the model]", which unfolds into the choice."""
    model = chosen()
    with st.container(key="model_choice", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(":small[:gray[answered by]]", width="content")
        with st.popover(_label(model), key="model"), st.container(width=300):
            _choice(model)
    if model.scores.data_source == "handwriting":
        st.markdown(":small[:gray[It learned from built-in handwriting, not from MNIST, and errs more often.]]")


def _choice(model: Model) -> None:
    state = st.session_state
    if state.get("model_problem"):
        st.error(plain(state.model_problem), icon=":material/error:")
    st.file_uploader(
        "Open a model file",
        type="safetensors",
        key="model_file",
        on_change=_open,
        max_upload_size=MAX_MODEL_MB,
        help="A .safetensors file that Inkling saved.",
    )
    if "opened_model" in state:
        st.button("Back to the pretrained model", key="use_pretrained", on_click=_use_pretrained)


def _open() -> None:
    state = st.session_state
    state.pop("model_problem", None)
    if state.model_file is None:
        return
    try:
        state.opened_model = read_model(state.model_file.getvalue())
        state.opened_name = state.model_file.name.removesuffix(".safetensors")
    except InklingError as error:
        state.model_problem = str(error)


def _use_pretrained() -> None:
    for name in ("opened_model", "opened_name", "model_problem"):
        st.session_state.pop(name, None)


def _label(model: Model) -> str:
    name = st.session_state.opened_name if "opened_model" in st.session_state else "Pretrained"
    return f"{plain(name[:40])}, {percent(model.scores.test_accuracy)}"
