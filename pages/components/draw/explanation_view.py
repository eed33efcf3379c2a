"""Why the network answers as it does: five expanders below the answer; only what is open is computed."""

import numpy as np
import streamlit as st

from core.digits.dataset import Source, compared_digits
from core.errors import InklingError
from core.formatting import a_digit, cell_text, certainty, number_text
from core.insight import neighbours
from core.insight.arithmetic import (
    WorkedPixel,
    convolution_maps,
    convolutions,
    strongest_pixel,
    worked_pixel,
    worked_softmax,
)
from core.insight.neighbours import Neighbours
from core.insight.prediction import Answer
from core.insight.saliency import (
    GREY,
    LEAST_FALL,
    MOST_MAPS,
    STRONGEST,
    LayerView,
    grad_cam,
    layer_views,
    map_layers,
    occlusion,
    range_text,
    runner_up,
)
from core.networks.model import Model
from core.reports.images import Colours, data_url, heat_map, map_sheet, side_by_side
from pages.components.base import errors, theme
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images import map_rows, pixel_grids, thumbnails
from pages.components.images.map_rows import Pictures, Row
from pages.components.images.pixel_grids import Grid
from pages.components.parts import network_view, table
from pages.components.parts.table import Bold
from pages.components.visitor import model_choice

MAP_SIDE, UNIT_SIDE, HEAT_SIDE = 56, 18, 140  # of a picture on the page, in pixels
MAPS_WIDTH = 140  # of a convolution's input and of its map, at most, in pixels
TABLE_SIDE = 7  # a larger kernel is not printed
MOST_SUMS = 6  # input maps whose share in a sum is told, the largest
PATCHES = {"Paper": 0.0, "Grey": GREY}  # what the sliding patch is filled with
KEPT = 24  # results that are kept for all visitors together


@st.fragment  # a choice in here leaves board and answer alone
@errors.on_page()
def render(answer: Answer) -> None:
    """Draw the expanders for an answer."""
    with st.container(gap=None):
        for key, (title, draw) in GROUPS.items():
            group = st.expander(title, key=key, on_change="rerun")
            if not group.open:
                continue
            with group:
                if answer.image is None:
                    caption("Draw a digit, and this is shown for it.")
                    continue
                if answer.probabilities is None:
                    caption("There is no answer to this drawing. Below is what the network would have made of it.")
                try:
                    draw(model_choice.chosen(), answer.image)
                except InklingError as problem:
                    caption(plain(str(problem)))


def _render_layers(model: Model, image: np.ndarray) -> None:
    shown = st.segmented_control(
        "Maps of each layer",
        (f"Strongest {STRONGEST}", f"Up to {MOST_MAPS}"),
        default=f"Strongest {STRONGEST}",
        key="shown_maps",
        label_visibility="collapsed",
    )
    caption(
        "Blue is above zero, orange below, pale near zero; the scale is the same within a layer. Under each map of a "
        "convolution is the filter that made it; where it looks at several maps, the kernel with the largest weights."
    )
    most = MOST_MAPS if shown == f"Up to {MOST_MAPS}" else STRONGEST
    map_rows.render("layer_maps", _layer_rows(model.fingerprint, image, most, theme.map_colours(), model))


@st.cache_data(show_spinner=False, max_entries=KEPT)
def _layer_rows(fingerprint: str, image: np.ndarray, most: int, colours: Colours, _model: Model) -> list[Row]:
    return [_layer_row(view, colours) for view in layer_views(_model, image, most)]


def _layer_row(view: LayerView, colours: Colours) -> Row:
    detail = f"{view.kind}, {network_view.shape_text(view.shape)}"
    if not view.numbers:
        return Row(view.name, detail, view.sentence)
    is_unit = len(view.shape) == 1
    side = UNIT_SIDE if is_unit else MAP_SIDE
    words = tuple(str(number - view.is_answer) for number in view.numbers)
    kind = "Digit" if view.is_answer else "Unit" if is_unit else "Map"
    alt = tuple(
        f"{kind} {word} of {view.name}, {range_text(numbers)}" for word, numbers in zip(words, view.maps, strict=True)
    )
    filters = None
    if view.filters is not None:
        size = view.filters.shape[-1]
        filters = Pictures(data_url(map_sheet(view.filters, colours)), min(max(24, 6 * size), MAP_SIDE))
    maps = Pictures(data_url(map_sheet(view.maps, colours, view.scale)), side)
    return Row(view.name, detail, view.sentence, maps, words, alt, filters)


def _render_pixels(model: Model, image: np.ndarray) -> None:
    colours = theme.map_colours()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        patch = st.segmented_control(
            "Cover with",
            tuple(PATCHES),
            default="Paper",
            key="occlusion_patch",
            help="A patch of 4\N{MULTIPLICATION SIGN}4 pixels is slid over the image. Paper takes ink away; grey adds "
            "some where there was none.",
        )
        layers = map_layers(model)
        layer = st.selectbox("Layer for Grad-CAM", layers, key=f"cam_layer_{model.fingerprint[:8]}", width=220)
    fill = PATCHES[patch or "Paper"]
    rows = [_occlusion_row(model.fingerprint, image, fill, colours, model)]
    rows.append(_cam_row(model.fingerprint, image, layer or layers[0], colours, model))
    map_rows.render("pixels_that_mattered", rows)


@st.cache_data(show_spinner=False, max_entries=KEPT)
def _occlusion_row(fingerprint: str, image: np.ndarray, fill: float, colours: Colours, _model: Model) -> Row:
    found = occlusion(_model, image, fill)
    scale = max(float(np.abs(found.falls).max()), LEAST_FALL)
    picture = Pictures(data_url(heat_map(image, found.falls, colours, scale)), HEAT_SIDE)
    words = f"Blue: covered, {found.digit} becomes less likely. Orange: more."
    return Row("Occlusion", "cover a patch, ask again", found.sentence, picture, (words,), (found.sentence,))


@st.cache_data(show_spinner=False, max_entries=KEPT)
def _cam_row(fingerprint: str, image: np.ndarray, layer: str, colours: Colours, _model: Model) -> Row:
    found = grad_cam(_model, image, layer)
    picture = Pictures(data_url(heat_map(image, found.heat, colours)), HEAT_SIDE)
    words = f"Blue: what the maps see here speaks for {found.digit}." if found.heat.any() else "Choose another layer."
    return Row("Grad-CAM", "maps weighed by their gradient", found.sentence, picture, (words,), (found.sentence,))


def _render_neighbours(model: Model, image: np.ndarray) -> None:
    found = _neighbours(model.fingerprint, image, model)
    words = [number_text(distance) for distance in found.distances]
    near = list(zip(found.labels, words, strict=True))
    alt = [f"{a_digit(label).capitalize()}, {distance} away" for label, distance in near]
    shown = [f"{label}, {distance}" for label, distance in near]
    caption(found.sentence)
    thumbnails.render("nearest_digits", "The nearest training digits", found.images, shown, alt)
    caption("Under each: its label, and how far it is from the drawing.")


@st.cache_data(show_spinner=False, max_entries=KEPT)
def _neighbours(fingerprint: str, image: np.ndarray, _model: Model) -> Neighbours:
    wanted = _model.scores.data_source
    sample, source = compared_digits(wanted)
    return neighbours.nearest(_model, image, sample, _sketches(fingerprint, source, wanted, _model), source)


@st.cache_data(show_spinner="Looking through the training digits", max_entries=8)
def _sketches(fingerprint: str, source: Source, wanted: Source, _model: Model) -> np.ndarray:
    """Cached by the source of the sample too, as MNIST may come to this machine later."""
    sample, _ = compared_digits(wanted)
    count = neighbours.sample_size(_model.network, len(sample))
    return neighbours.sketches(_model, sample.images[:count])


def _render_runner_up(model: Model, image: np.ndarray) -> None:
    map_rows.render("runner_up", [_runner_up_row(model.fingerprint, image, theme.map_colours(), model)])


@st.cache_data(show_spinner=False, max_entries=KEPT)
def _runner_up_row(fingerprint: str, image: np.ndarray, colours: Colours, _model: Model) -> Row:
    found = runner_up(_model, image)
    scale = float(np.abs(found.difference).max())
    sides = (np.maximum(found.difference, 0), np.minimum(found.difference, 0))
    pictures = [heat_map(image, side, colours, scale) for side in sides]
    words = [f"Ink here speaks for {found.digit}", f"Ink here speaks for {found.second}"]
    if found.turned is not None:
        pictures.append(heat_map(image, image - found.turned, colours, 1.0))
        words.append(f"{found.turned_sentence} Blue: ink taken away. Orange: ink added.")
    sentence = f"{found.sentence} {found.turned_sentence}"
    return Row("", "", sentence, Pictures(data_url(side_by_side(pictures)), HEAT_SIDE), tuple(words), tuple(words))


def _render_arithmetic(model: Model, image: np.ndarray) -> None:
    _render_convolution(model, image)
    _render_softmax(model, image)


def _render_convolution(model: Model, image: np.ndarray) -> None:
    layers = [row.name for row in convolutions(model)]
    if not layers:
        caption("This network has no convolution to work out.")
        return
    state, own = st.session_state, model.fingerprint[:8]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        layer = st.selectbox("Convolution", layers, key=f"worked_layer_{own}", width=140) or layers[0]
        maps = convolution_maps(model, image, layer)
        height, width, filters = maps.outputs.shape
        keys = [f"worked_{what}_{own}_{layer}" for what in ("map", "row", "column")]
        strongest = tuple(index + 1 for index in strongest_pixel(maps.outputs))
        for key, number in zip(keys, strongest, strict=True):
            state.setdefault(key, number)
        for key, label, most in zip(keys, ("Map", "Row", "Column"), (filters, height, width), strict=True):
            st.number_input(label, 1, most, key=key, width=104)
        st.button("Strongest pixel", key="strongest_pixel", on_click=_set_numbers, args=(keys, strongest))
    channel, row, column = (state[key] - 1 for key in keys)
    worked = worked_pixel(model, image, layer, channel, row, column)
    inputs = worked.sums.size
    before = int(np.abs(worked.sums).argmax())
    caption(
        f"Pixel {row + 1}, {column + 1} of map {channel + 1}, as {worked.last} puts it out, is "
        f"{number_text(worked.value)}. Choose another by pointing at it, or with the arrow keys."
    )

    def follow(grid: int, tapped_row: int, tapped_column: int) -> None:
        if grid == 1:
            _set_numbers(keys[1:], (tapped_row + 1, tapped_column + 1))

    source = "the image" if inputs == 1 else f"map {before + 1} of {inputs}, which adds most"
    target = f"What comes out: map {channel + 1}"
    size = len(worked.kernel)
    pixel_grids.render(
        "worked_maps",
        [
            Grid(
                f"What goes in: {source}",
                maps.inputs[..., before],
                f"What goes in: {source}",
                window=(*worked.corner, size, size),
                cell=MAPS_WIDTH // maps.inputs.shape[1],
            ),
            Grid(
                target,
                maps.outputs[..., channel],
                target,
                window=(row, column, 1, 1),
                peak=float(np.abs(maps.outputs).max()),
                cell=MAPS_WIDTH // width,
                sign="\N{RIGHTWARDS ARROW}",
                has_cursor=True,
            ),
        ],
        on_tap=follow,
    )
    _render_products(worked, before)


def _render_products(worked: WorkedPixel, before: int) -> None:
    """Render the products of one input map in full, then what each input map adds, then what is done to the sum."""
    inputs = worked.sums.size
    if len(worked.kernel) <= TABLE_SIDE:
        of = "" if inputs == 1 else f", map {before + 1}"
        products = [
            _square(f"what lies there{of}", worked.patch[..., before]),
            _square("the kernel", worked.kernel[..., before], "\N{MULTIPLICATION SIGN}"),
            _square("products", worked.products[..., before], "="),
        ]
        pixel_grids.render("worked_products", products)
    if inputs > 1:
        order = np.argsort(-np.abs(worked.sums), kind="stable")
        sums = [(f"{index + 1}", _two(worked.sums[index])) for index in order[:MOST_SUMS]]
        if inputs > MOST_SUMS:
            sums.append((f"the other {inputs - MOST_SUMS}", _two(worked.sums[order[MOST_SUMS:]].sum())))
        table.render("worked_sums", "Products added up", ("map", "sum of products"), sums, numbers={1})
    steps: list[tuple[str, ...]] = [(words, _two(value)) for words, value in worked.steps]
    steps[-1] = tuple(map(Bold, steps[-1]))
    table.render("worked_steps", "What becomes of the sum", ("what becomes of the sum", ""), steps, numbers={1})


def _square(title: str, numbers: np.ndarray, sign: str = "") -> Grid:
    rows = "; ".join(", ".join(map(_two, line)) for line in numbers)
    return Grid(title, numbers, f"{title.capitalize()}, row by row: {rows}", decimals=2, sign=sign)


def _two(number: float) -> str:
    """Two decimals, so that columns line up; three significant digits for very large numbers."""
    return number_text(number) if abs(number) >= 1e4 else cell_text(number, 2)


def _set_numbers(keys: list[str], numbers: tuple[int, ...]) -> None:
    for key, number in zip(keys, numbers, strict=True):
        st.session_state[key] = number


def _render_softmax(model: Model, image: np.ndarray) -> None:
    worked = worked_softmax(model, image)
    caption(f"And at the end, the ten probabilities. {worked.sentence}")
    is_tempered = worked.temperature != 1
    divided = f"\N{DIVISION SIGN} {worked.temperature:.2f}"
    head = ("digit", "logit", *([divided] if is_tempered else []), "e to the power", "share")
    rows = [
        (
            str(row.digit),
            _two(row.logit),
            *([_two(row.divided)] if is_tempered else []),
            f"{row.power:.4f}",
            certainty(row.probability),
        )
        for row in worked.rows
    ]
    likeliest = max(worked.rows, key=lambda row: row.probability).digit
    rows[likeliest] = tuple(map(Bold, rows[likeliest]))
    table.render("worked_softmax", "The ten probabilities", head, rows, numbers=range(1, len(head)))
    caption("Each power is that of the difference from the largest, so that the largest gives 1.")


GROUPS = {
    "layer_views": ("What each layer saw", _render_layers),
    "pixels_mattered": ("Which pixels mattered", _render_pixels),
    "nearest": ("The nearest training digits", _render_neighbours),
    "second_likeliest": ("The runner-up", _render_runner_up),
    "arithmetic": ("The arithmetic", _render_arithmetic),
}
