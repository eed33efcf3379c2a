"""A dense layer: one unit that weighs every number it is given."""

import streamlit as st

from core.formatting import cell_text
from core.lessons.operations import DenseUnit, dense_unit
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images import pixel_grids
from pages.components.images.pixel_grids import Grid
from pages.components.learn import chapter

TITLE = "Dense layers"
SUMMARY = "How one unit weighs every number before it, for and against."


def render() -> None:
    """Draw one unit of the chosen model's first dense layer: its inputs, weights and products."""
    st.markdown(
        "A dense layer consists of **units**, also called neurons. Each unit looks at all the numbers that come in. "
        "It has a **weight** for every one of them: positive where the number speaks for it, negative where it speaks "
        "against. It multiplies, adds everything up, adds a **bias**, a number of its own, and passes the sum on. In "
        "the last layer there are ten units, one for each digit, and the largest sum wins."
    )
    chapter.render_sample_notice()
    name, model = chapter.chosen_model()
    unit = dense_unit(model, chapter.image(), 0)
    if unit is None:
        caption("This model has no dense layer.")
        return
    index = 0
    if unit.units > 1:
        label = "Unit, one for each digit" if unit.is_digit else "Unit"
        index = st.slider(label, 0, unit.units - 1, min(7, unit.units - 1), key=f"dense_unit_{unit.units}")
        unit = dense_unit(model, chapter.image(), index) or unit
    _render_unit(unit)
    products = unit.products
    supporting, opposing = float(products[products > 0].sum()), float(products[products < 0].sum())
    caption(
        f"In {plain(name)}, {products.size:,} numbers speak about {'the digit' if unit.is_digit else 'unit'} {index}: "
        f"{cell_text(supporting, 1)} for it, {cell_text(-opposing, 1)} against it. With a bias of "
        f"{cell_text(unit.bias, 2)} the sum is **{cell_text(unit.total, 2)}**. Ink in the last picture speaks for it, "
        "orange bars against it."
    )
    st.markdown(
        "A **hidden** dense layer, one before the last, weighs combinations: “a loop above” and “a stroke below "
        "right” together make a 9. More units can weigh more combinations, but they also learn more of the training "
        "images by heart, which is not wanted. And they are expensive: 5,408 inputs and 100 units, as in Script B, "
        "take 540,900 parameters, which is nearly the whole network."
    )


def _render_unit(unit: DenseUnit) -> None:
    _, width, channels = unit.products.shape
    channel = int(abs(unit.products).sum(axis=(0, 1)).argmax())  # the map that matters most to the unit
    cell = max(8, 140 // width)
    inputs = f"map {channel + 1} of {channels}" if channels > 1 else "its inputs"
    weights = "Positive weights as squares, negative ones as bars"
    products = "all products, added up over the maps" if channels > 1 else "products"
    times, arrow = "\N{MULTIPLICATION SIGN}", "\N{RIGHTWARDS ARROW}"
    pixel_grids.render(
        "dense_grids",
        [
            Grid(inputs, unit.inputs[:, :, channel], f"The inputs of {inputs}", cell=cell),
            Grid("the unit's weights for them", unit.weights[:, :, channel], weights, cell=cell, sign=times),
            Grid(products, unit.products.sum(axis=2), "Where the sum comes from", cell=cell, sign=arrow),
        ],
    )
