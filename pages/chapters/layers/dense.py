"""A dense layer: one unit that weighs everything it is given."""

import streamlit as st

from core.formatting import cell_text
from core.lessons.operations import dense_unit
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images.pixel_grids import Grid
from pages.components.images.pixel_grids import render as render_grids
from pages.components.learn import chapter

TITLE = "Dense layers"
SUMMARY = "How one unit weighs every number before it, for and against."


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "A dense layer consists of **units**, also called neurons. Each unit looks at all the numbers that come in. "
        "It has a **weight** for every one of them: positive where the number speaks for it, negative where it speaks "
        "against. It multiplies, adds everything up, adds a **bias**, a number of its own, and passes the sum on. In "
        "the last layer there are ten units, one for each digit, and the largest sum wins."
    )
    chapter.invite()
    asked = chapter.asked()
    first = dense_unit(asked.model, chapter.ink(), 0)
    if first is None:
        caption("This model has no dense layer.")
        return
    unit = 0
    if first.units > 1:
        label = "Unit, one for each digit" if first.is_last and first.units == 10 else "Unit"
        unit = st.slider(label, 0, first.units - 1, min(7, first.units - 1), key=f"dense_unit_{first.units}")
    shown = dense_unit(asked.model, chapter.ink(), unit) or first
    products = shown.products
    channel = int(abs(products).sum(axis=(0, 1)).argmax())
    _, width, channels = products.shape
    cell = max(8, 140 // width)
    which = f"map {channel + 1} of {channels}" if channels > 1 else "its inputs"
    render_grids(
        "dense_grids",
        [
            Grid(which, shown.inputs[:, :, channel], f"The inputs of {which}", cell=cell),
            Grid(
                "the unit's weights for them",
                shown.weights[:, :, channel],
                "Positive weights as squares, negative ones as bars",
                cell=cell,
                sign="\N{MULTIPLICATION SIGN}",
            ),
            Grid(
                "all products, added up over the maps" if channels > 1 else "products",
                products.sum(axis=2),
                "Where the sum comes from",
                cell=cell,
                sign="\N{RIGHTWARDS ARROW}",
            ),
        ],
    )
    speaks_for, against = float(products[products > 0].sum()), float(products[products < 0].sum())
    name = f"the digit {unit}" if shown.is_last and shown.units == 10 else f"unit {unit}"
    caption(
        f"In {plain(asked.name)}, {products.size:,} numbers speak about {name}: {cell_text(speaks_for, 1)} for it, "
        f"{cell_text(-against, 1)} against it, {cell_text(shown.bias, 2)} bias, in all "
        f"**{cell_text(shown.total, 2)}**. Ink in the last picture speaks for it, orange bars against it."
    )
    st.markdown(
        "A **hidden** dense layer, one before the last, weighs combinations: “a loop above” and “a stroke below "
        "right” together make a 9. More units can weigh more combinations, and remember more of the training images "
        "by heart, which is not what one wants. They are also dear: 5,408 inputs and 100 units, as in Script B, take "
        "540,900 parameters, and that is nearly the whole network."
    )
