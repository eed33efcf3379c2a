"""The frame around the chapters of Learn, and what they share: the digit and the model that they work with."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from types import MappingProxyType, ModuleType
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.digits.dataset import Digits, mnist_sample
from core.digits.mnist import NoMnist
from core.digits.synthetic.handwriting import handwriting
from core.networks.model import Model, pretrained
from core.networks.network import as_input
from core.store.runs import run_store
from pages.components.base import errors
from pages.components.base.typesetting import caption
from pages.components.learn import chapter_links
from pages.components.learn.chapter_links import Link, address
from pages.components.visitor import model_choice, own_drawings

SAMPLE_DIGIT, SAMPLE_SEED = 3, 11  # shown until the visitor has drawn something

# The title of every chapter by its module name, while a chapter is drawn.
_titles: ContextVar[Mapping[str, str]] = ContextVar("_titles", default=MappingProxyType({}))


class NamedModel(NamedTuple):
    """A model, and what sentences call it; `errors.plain` escapes the name for Markdown."""

    name: str
    model: Model


def title(name: str) -> str:
    """The title of the chapter with this module name; "" where there is none."""
    return _titles.get().get(name, "")


def render(name: str, order: Sequence[ModuleType]) -> None:
    """Draw the chapter with this module name between its links, or the contents where there is none.

    Args:
        name: what the address asks for; "" for the contents.
        order: the chapters, each with `TITLE`, `SUMMARY` and `render()`.
    """
    chapters = {module.__name__.rpartition(".")[2]: module for module in order}
    if name not in chapters:
        _render_contents(name, chapters)
        return
    names = list(chapters)
    index = names.index(name)
    with st.container(gap=None):
        back = f"Learn: chapter {index + 1} of {len(names)}"
        chapter_links.render("back_to_contents", "Back", [_link(back)])
        st.title(chapters[name].TITLE, anchor=False)
    _render_chapter(name, chapters[name], {name: module.TITLE for name, module in chapters.items()})
    st.divider()
    neighbours = [_link(f"\N{LEFTWARDS ARROW} {chapters[other].TITLE}", other) for other in names[:index][-1:]]
    if index + 1 < len(names):
        following = names[index + 1]
        neighbours.append(_link(f"{chapters[following].TITLE} \N{RIGHTWARDS ARROW}", following))
    else:
        neighbours.append(_link("All chapters"))
    chapter_links.render("neighbours", "Previous and next chapter", neighbours)


def _render_contents(name: str, chapters: Mapping[str, ModuleType]) -> None:
    with st.container(horizontal=True):  # gives the title the height that it has on the other pages
        st.title("Learn", anchor=False)
    if name:
        st.info("There is no such chapter. These are the chapters that exist.", icon=":material/info:")
    st.markdown(
        "How a network learns to read digits: one idea per chapter, a few minutes each, with something to try. "
        "The chapters work with whatever you drew last on Draw."
    )
    links = [_link(chapter.TITLE, name, chapter.SUMMARY) for name, chapter in chapters.items()]
    chapter_links.render("contents", "Chapters", links, "list")
    caption(
        "Retold in our own words from two teaching texts: one on a Keras network of three convolutions for MNIST, "
        "here called Script A, and Sonia Milanoi's “MNIST: A Line-By-Line Code Review” (2023), here called Script B."
    )


@st.fragment  # a slider reruns the chapter, and not the page around it
@errors.on_page()
def _render_chapter(name: str, chapter: ModuleType, titles: Mapping[str, str]) -> None:
    if st.query_params.get("chapter") != name:
        st.rerun()  # a link in the chapter led to another one
    token = _titles.set(titles)
    try:
        chapter.render()
    finally:
        _titles.reset(token)


def _link(label: str, name: str = "", sentence: str = "") -> Link:
    """A link to a chapter or to the contents, which keeps the run in the address."""
    return Link(label, address(name, run=st.query_params.get("run", "")), sentence)


def render_link(name: str, label: str) -> None:
    """Draw a link to another chapter, by its module name; the labels in one chapter differ."""
    chapter_links.render(f"chapter_link {label}", label, [_link(label, name)])


def pixels() -> np.ndarray:
    """The visitor's last drawing of this session, else a sample digit: (28, 28) uint8, 0 is paper and 255 ink."""
    drawn = own_drawings.last_drawing()
    return _sample() if drawn is None else drawn


def image() -> np.ndarray:
    """`pixels` as networks take them: (28, 28) float32 in [0, 1]."""
    return np.asarray(as_input(pixels()[np.newaxis])[0, :, :, 0])


def digit_name() -> str:
    """What sentences call the digit: "your drawing" or "the sample digit"."""
    return "the sample digit" if own_drawings.last_drawing() is None else "your drawing"


def render_sample_notice() -> None:
    """While the sample digit is used, say so and link to Draw; draw nothing otherwise."""
    if own_drawings.last_drawing() is None:
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="sample_notice"):
            caption("This is a sample digit until you draw one of your own.", width="content")
            st.page_link("pages/draw.py", label=":small[Draw one]")


def chosen_model() -> NamedModel:
    """The model of the run in the address, else the one that answers on Draw.

    Raises:
        NoSuchRun: the address names no run that has left a model.
        BadModelFile: that run's model is damaged.
    """
    if run_id := st.query_params.get("run"):
        name, model = run_store().run(run_id).name, model_choice.run_model(run_id)
    else:
        model = model_choice.chosen()
        name = model_choice.name()
    return NamedModel("the pretrained model" if model is pretrained() else f"the model “{name[:40]}”", model)


@st.cache_resource(show_spinner=False)
def _sample() -> np.ndarray:
    images, labels = handwriting(10, SAMPLE_SEED, spread=0.5, even_pen=True)
    sample: np.ndarray = images[labels == SAMPLE_DIGIT][0]
    sample.flags.writeable = False
    return sample


@st.cache_resource(show_spinner=False)
def mnist_digits() -> tuple[Digits, str]:
    """A few dozen of MNIST's training images; without MNIST, built-in digits and a sentence that says so."""
    try:
        return mnist_sample(), ""
    except NoMnist as problem:
        images, labels = handwriting(80, SAMPLE_SEED)
        return Digits(images, labels), f"{problem} Built-in digits are shown instead."
