"""Training images as they are, and as the network may see them: a row for each image, changed again in every epoch."""

import numpy as np
import streamlit as st

from core.digits.augmentation import augmented
from core.digits.dataset import QUICK_IMAGES, Digits, mnist_sample
from core.digits.mnist import TRAINING_IMAGES, NoMnist
from core.digits.synthetic.handwriting import handwriting
from core.formatting import a_digit
from core.networks.recipe import Recipe
from pages.components.base.typesetting import caption
from pages.components.images import thumbnails

ROWS = 4  # images
VARIANTS = 5  # of each
BUILT_IN_IMAGES, BUILT_IN_SEED = 60, 6  # the built-in digits to choose from; no run trains on them


@st.fragment
def render(recipe: Recipe) -> None:
    """Draw a few of the images that this recipe trains on, each followed by what its augmentation makes of it.

    The images stay the same while the ranges change, and so do the random numbers behind each change.
    """
    turn = st.session_state.setdefault("augmentation_preview_turn", 0)
    originals, sources, notice = _originals(recipe, turn)
    copies = np.repeat(originals.images, VARIANTS, axis=0)
    variants = augmented((copies / 255).astype(np.float32), recipe.augmentation, [recipe.seed, turn])
    changed = (variants * 255).round().astype(np.uint8).reshape(ROWS, VARIANTS, 28, 28)
    words, alt = [], []
    for label, source in zip(originals.labels.tolist(), sources, strict=True):
        words += [source] + [""] * VARIANTS
        alt += [f"{a_digit(label).capitalize()} ({source})"] + [f"A copy of this {label}"] * VARIANTS
    thumbnails.render(
        "augmentation_preview",
        "Training images, each followed by five copies as the network may see them",
        np.concatenate([originals.images[:, np.newaxis], changed], axis=1).reshape(-1, 28, 28),
        words,
        alt,
        columns=VARIANTS + 1,
    )
    if recipe.augmentation.is_on:
        caption(
            "On the left, training images as they are; beside each, how the network may see it, different in every "
            "epoch. Validation and test images are never changed."
        )
    else:
        caption("On the left, training images as they are. All is off: the network sees the same ones in every epoch.")
    if notice:
        caption(notice)
    st.button("Other images", key="other_images", icon=":material/refresh:", on_click=_turn)


def _turn() -> None:
    st.session_state.augmentation_preview_turn += 1


def _originals(recipe: Recipe, turn: int) -> tuple[Digits, list[str], str]:
    """Images in the recipe's mix, the source of each, and a notice where MNIST is missing, else ""."""
    random = np.random.default_rng([recipe.seed, turn])
    found: list[tuple[Digits, str]] = []
    notice = ""
    built_in = ROWS
    if recipe.data.source == "mnist":
        try:
            mnist = _mnist()
            everything = recipe.data.handwriting + (QUICK_IMAGES if recipe.data.size == "quick" else TRAINING_IMAGES)
            built_in = round(ROWS * recipe.data.handwriting / everything)
            built_in = min(max(built_in, 1), ROWS - 1) if recipe.data.handwriting else 0
            found.append((mnist[random.permutation(len(mnist))[: ROWS - built_in]], "MNIST"))
        except NoMnist as problem:
            notice = f"{problem} Built-in digits stand in for it here."
    digits = _built_in()
    found.append((digits[random.permutation(len(digits))[:built_in]], "built-in"))
    images = np.concatenate([digits.images for digits, _ in found])
    labels = np.concatenate([digits.labels for digits, _ in found])
    return Digits(images, labels), [source for digits, source in found for _ in range(len(digits))], notice


@st.cache_resource(show_spinner=False)
def _mnist() -> Digits:
    return mnist_sample()


@st.cache_resource(show_spinner=False)
def _built_in() -> Digits:
    return Digits(*handwriting(BUILT_IN_IMAGES, BUILT_IN_SEED))
