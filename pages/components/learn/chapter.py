"""What the chapters of Learn stand in and share: their links, the digit that they work on and the model they ask."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import streamlit as st

from core.digits.dataset import Digits, NoMnist, mnist_sample
from core.digits.synthetic.handwriting import handwriting
from core.networks.model import Model, pretrained
from core.networks.network import as_input
from core.store.runs import run_store
from pages.components.base import errors
from pages.components.base.typesetting import caption
from pages.components.learn import chapter_links
from pages.components.learn.chapter_links import Link
from pages.components.visitor import model_choice, own_drawings

PAGE = "pages/learn.py"
SAMPLE_DIGIT, SAMPLE_SEED = 3, 11  # stands where nothing has been drawn yet


# The title of every chapter by the name of its module, while one of them is drawn; None elsewhere.
_titles: ContextVar[Mapping[str, str] | None] = ContextVar("_titles", default=None)


@dataclass(frozen=True)
class Asked:
    """The model that a chapter asks, and what it is called: as it stands, which `plain` escapes for Markdown."""

    name: str
    model: Model


def chapter_link(name: str, label: str, **query: str) -> None:
    """Draw a link to a chapter, by the name of its module; further values join its address ("term", ...).

    On any page; a chapter can have one link with the same label.
    """
    if _titles.get() is not None:
        chapter_links.render(f"chapter_link {label}", label, [Link(label, _address(name) | query)])
    else:
        st.page_link(PAGE, label=label, query_params={"chapter": name, **query})


def title(name: str) -> str:
    """The title of a chapter, by the name of its module; "" where there is none of this name, or none is drawn."""
    return (_titles.get() or {}).get(name, "")


def open_at(wanted: str, order: Sequence[ModuleType]) -> None:
    """Draw the chapter whose module has this name, or the contents where there is none.

    Args:
        wanted: what the address asks for; "" for the contents.
        order: the chapters, each with `TITLE`, `SUMMARY` and `render()`.
    """
    chapters = {module.__name__.rpartition(".")[2]: module for module in order}
    if wanted in chapters:
        _render(chapters, wanted)
        return
    with st.container(horizontal=True):  # where a title stands as high as on the other pages
        st.title("Learn", anchor=False)
    if wanted:
        st.info("There is no such chapter. Here are those that there are.", icon=":material/info:")
    st.markdown(
        "How a network comes to read digits: one idea a chapter, a few minutes each, with something to touch. "
        "Whatever you drew last on Draw is what the chapters work on."
    )
    links = [Link(chapter.TITLE, _address(name), chapter.SUMMARY) for name, chapter in chapters.items()]
    chapter_links.render("contents", "Chapters", links, "list")
    caption(
        "Retold in our own words from two teaching texts: one on a Keras network of three convolutions for MNIST, "
        "here Script A, and Sonia Milanoi's “MNIST: A Line-By-Line Code Review” (2023), here Script B."
    )


def _render(chapters: Mapping[str, ModuleType], name: str) -> None:
    names = list(chapters)
    number = names.index(name)
    here = f"Learn: chapter {number + 1} of {len(names)}"
    with st.container(gap=None):
        chapter_links.render("back_to_contents", "Back", [Link(here, _address())])
        st.title(chapters[name].TITLE, anchor=False)
    _body(name, chapters[name], {name: module.TITLE for name, module in chapters.items()})
    st.divider()
    way = [Link(f"\N{LEFTWARDS ARROW} {chapters[near].TITLE}", _address(near)) for near in names[:number][-1:]]
    way += [Link(f"{chapters[near].TITLE} \N{RIGHTWARDS ARROW}", _address(near)) for near in names[number + 1 :][:1]]
    if number + 1 == len(names):
        way.append(Link("All chapters", _address()))
    chapter_links.render("neighbours", "Previous and next chapter", way)


@st.fragment  # a slider reruns the chapter, and not the page around it
@errors.on_page()
def _body(name: str, chapter: ModuleType, titles: Mapping[str, str]) -> None:
    if st.query_params.get("chapter") != name:
        st.rerun()  # a link in the chapter led to another one
    token = _titles.set(titles)
    try:
        chapter.render()
    finally:
        _titles.reset(token)


def _address(chapter: str = "") -> dict[str, str]:
    """The address of a chapter, or of the contents; the run in the address goes along."""
    run_id = st.query_params.get("run")
    return ({"chapter": chapter} if chapter else {}) | ({"run": run_id} if run_id else {})


def digit() -> np.ndarray:
    """The visitor's last drawing of this session, else a sample digit: (28, 28) uint8, 0 is paper and 255 ink."""
    drawn = own_drawings.last_drawing()
    return _sample() if drawn is None else drawn


def whose() -> str:
    """What to call `digit`: "your drawing" or "the sample digit"."""
    return "the sample digit" if own_drawings.last_drawing() is None else "your drawing"


def ink() -> np.ndarray:
    """`digit` as networks take it: (28, 28) float32 in [0, 1]."""
    return np.asarray(as_input(digit()[np.newaxis])[0, :, :, 0])


def invite() -> None:
    """Say, while a sample digit stands in, that an own drawing would be taken instead; nothing else."""
    if own_drawings.last_drawing() is None:
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="invite"):
            caption("A sample digit stands here until you have drawn one of your own.", width="content")
            st.page_link("pages/draw.py", label=":small[Draw one]")


def asked() -> Asked:
    """The model of the run in the address, else the one that answers on Draw.

    Raises:
        NoSuchRun: the address names no run that has left a model.
        BadModelFile: that run's model is damaged.
    """
    if run_id := st.query_params.get("run"):
        return Asked(_called(run_store().run(run_id).name), model_choice.run_model(run_id))
    model = model_choice.chosen()
    return Asked("the pretrained model" if model is pretrained() else _called(model_choice.name()), model)


def _called(name: str) -> str:
    return f"the model “{name[:40]}”"


@st.cache_resource(show_spinner=False)
def _sample() -> np.ndarray:
    images, labels = handwriting(10, SAMPLE_SEED, spread=0.5, even_pen=True)
    sample: np.ndarray = images[labels == SAMPLE_DIGIT][0]
    sample.flags.writeable = False
    return sample


@st.cache_resource(show_spinner=False)
def mnist_digits() -> tuple[Digits, str]:
    """A few dozen of MNIST's training images, or built-in digits in their place with a sentence about that."""
    try:
        return mnist_sample(), ""
    except NoMnist as problem:
        images, labels = handwriting(80, SAMPLE_SEED)
        return Digits(images, labels), f"{problem} Built-in digits stand in for it here."
