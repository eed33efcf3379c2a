"""Training images as they are, and as the network may see them: each row one image, changed anew for each epoch."""

import numpy as np
import streamlit as st

from core.digits.augmentation import augmented
from core.digits.dataset import QUICK_IMAGES, TRAINING_IMAGES, Digits, NoMnist, mnist_sample
from core.digits.synthetic.handwriting import handwriting
from core.formatting import a_digit
from core.networks.recipe import Recipe
from core.reports.charts import digits_mask
from core.reports.images import data_url
from pages.components.base.component import register
from pages.components.base.typesetting import caption

ROWS = 4  # images
VARIANTS = 5  # of each
BUILT_IN_IMAGES, BUILT_IN_SEED = 60, 6  # what there is to choose from; none of them is trained on
_preview = register(__file__, html='<div role="img"></div>')


@st.fragment
def render(recipe: Recipe) -> None:
    """Draw a few of the images that this recipe trains on, each beside what its augmentation makes of it.

    The images do not change while ranges do, nor does what each draws for a change that stays as it was.
    """
    turn = st.session_state.setdefault("augmentation_preview_turn", 0)
    originals, sources, notice = _originals(recipe, turn)
    copies = np.repeat(originals.images, VARIANTS, axis=0)
    variants = augmented((copies / 255).astype(np.float32), recipe.augmentation, [recipe.seed, turn])
    changed = (variants * 255).round().astype(np.uint8)
    everything = np.concatenate([originals.images[:, None], changed.reshape(ROWS, VARIANTS, 28, 28)], axis=1)
    named = ", ".join(f"{a_digit(label)} ({source})" for label, source in zip(originals.labels, sources, strict=True))
    happens = "five changed copies" if recipe.augmentation.is_on else "five copies that are all alike"
    _preview(
        key="augmentation_preview",
        data={
            "image": data_url(digits_mask(everything.reshape(-1, 28, 28))),
            "rows": sources if len(set(sources)) > 1 else [""] * ROWS,
            "columns": VARIANTS + 1,
            "said": f"{ROWS} training images, each beside {happens}: {named}.",
        },
    )
    if recipe.augmentation.is_on:
        caption(
            "Left, training images as they are; beside each, how the network may see it, anew in every epoch. "
            "Validation and test images are never changed."
        )
    else:
        caption("Left, training images as they are. All is off: the network sees the very same ones in every epoch.")
    if notice:
        caption(notice)
    st.button("Other images", key="other_images", icon=":material/refresh:", on_click=_turn)


def _turn() -> None:
    st.session_state.augmentation_preview_turn += 1


def _originals(recipe: Recipe, turn: int) -> tuple[Digits, list[str], str]:
    """What to show, in the recipe's mix: the images, where each is from, and what is to be said about that."""
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
