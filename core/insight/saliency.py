"""Why a model answers as it does: each layer's maps, occlusion, Grad-CAM, and what speaks for the runner-up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from core.errors import InklingError
from core.formatting import certainty, number_text, percent
from core.insight.prediction import on_one_thread
from core.networks.gradients import gradients
from core.networks.layers import BatchNormalization, Conv2D, Dropout, Flatten, ReLU, Shape
from core.networks.model import Model
from core.networks.network import CLASSES, IMAGE_SHAPE, LayerSummary, layer_weights

SIDE = IMAGE_SHAPE[0]
STRONGEST = 10  # maps of a layer that are shown at first
MOST_MAPS = 128  # of a layer that are shown at all
PATCH = 4  # side of the patch that covers the image, in pixels: a little wider than a line of MNIST's
PATCH_STEP = 2  # pixels from one position of the patch to the next
WIDE_PATCH_STEP = 4  # the same where the network is slow
SLOW = 15_000_000  # multiply-adds per image; with more, a hundred answers take over a quarter of a second
GREY = 0.5  # ink from which a pixel counts as drawn
FINE_MAP = 3  # side of the smallest map that has a middle and edges; the default layer of Grad-CAM has at least that
LEAST_FALL = 0.05  # smallest fall of a probability that is drawn in full colour; smaller ones stay pale
LITTLE = 0.01  # smallest fall of a probability that the sentence mentions
LEAST_SHARE = 0.001  # smallest probability that is written out; below it stands "less than"
CHANGED_PIXELS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)  # counts that are tried to change an answer


class NothingToExplain(InklingError):
    """There is nothing to show for this model or drawing; the message says why."""


@dataclass(frozen=True)
class LayerView:
    """A layer's outputs for an image, and its filters.

    Attributes:
        name: of the layer.
        kind: as Keras calls it.
        shape: of what it puts out.
        maps: (n, height, width) float32, the maps that are shown; each unit of a row of numbers is a map of 1x1. None
            where the layer hands on what it was given.
        numbers: which maps these are, counted from 1, the strongest first; all of them in order where they are few.
        scale: the size of the largest number in the whole layer.
        filters: (n, kernel_size, kernel_size) float32, for each map the kernel behind it; of several, one for each map
            of the layer before, the one with the largest weights. None where the layer is no convolution.
        sentence: what there is to see.
        is_answer: whether these are the ten probabilities, the first map that of 0.
    """

    name: str
    kind: str
    shape: Shape
    maps: np.ndarray
    numbers: tuple[int, ...]
    scale: float
    filters: np.ndarray | None
    sentence: str
    is_answer: bool = False


@on_one_thread()
def layer_views(model: Model, image: np.ndarray, most: int = STRONGEST) -> list[LayerView]:
    """The outputs of every layer for an image.

    Args:
        model: what reads it.
        image: (28, 28) float32 in [0, 1].
        most: maps of a layer that are shown: those with the largest absolute values, the largest first; all of them
            in their order where there are no more than that.
    """
    activations = model.network.activations(model.weights, image[np.newaxis])
    most, rows = min(most, MOST_MAPS), model.network.table()
    views = [_layer_view(model, row, activations[row.name][0], most) for row in rows]
    return [*views[:-1], _answer_view(views[-1], activations[rows[-1].name][0])]


def _answer_view(view: LayerView, probabilities: np.ndarray) -> LayerView:
    """The view of the last layer, which puts out the probabilities; a layer of ten before it knows no digits."""
    if len(probabilities) != CLASSES:
        return view
    likeliest = int(probabilities.argmax())
    sentence = (
        "The ten probabilities, before the temperature: the largest is "
        f"{number_text(probabilities[likeliest])}, of {likeliest}."
    )
    return replace(view, sentence=sentence, is_answer=True)


def _layer_view(model: Model, row: LayerSummary, values: np.ndarray, most: int) -> LayerView:
    scale = float(np.abs(values).max())
    if isinstance(row.layer, Flatten | Dropout):
        sentence = {
            "Flatten": f"The same numbers in one long row: {values.size:,} of them.",
            "Dropout": "Leaves everything as it is: it works while the network trains, and not when it answers.",
        }[row.layer.layer]
        return LayerView(row.name, row.layer.layer, row.output_shape, np.empty((0, 1, 1)), (), scale, None, sentence)
    maps = np.moveaxis(values, -1, 0) if values.ndim == 3 else values[:, np.newaxis, np.newaxis]
    strength = np.abs(maps).max(axis=(1, 2))
    order = np.argsort(-strength, kind="stable")[:most] if len(maps) > most else np.arange(len(maps))
    filters = None
    if isinstance(row.layer, Conv2D):
        filters = _filters(layer_weights(model.weights, row.name)["kernel"])[order]
    sentence = _layer_sentence(row, maps, strength)
    numbers = tuple(int(index) + 1 for index in order)
    return LayerView(row.name, row.layer.layer, row.output_shape, maps[order], numbers, scale, filters, sentence)


def _filters(kernel: np.ndarray) -> np.ndarray:
    """Each filter's kernel with the largest weights: (filters, size, size) of (size, size, inputs, filters)."""
    heaviest = np.square(kernel).sum(axis=(0, 1)).argmax(axis=0)
    return np.moveaxis(kernel[:, :, heaviest, np.arange(kernel.shape[-1])], -1, 0)


def _layer_sentence(row: LayerSummary, maps: np.ndarray, strength: np.ndarray) -> str:
    strongest = int(strength.argmax())
    largest = maps[strongest].flat[int(np.abs(maps[strongest]).argmax())]
    blank = int((strength == 0).sum())
    if len(row.output_shape) == 1:
        what = "unit"
        sentence = f"The largest of {len(maps)} units is number {strongest + 1}, with {number_text(largest)}."
    else:
        what = "map"
        count = "1 map" if len(maps) == 1 else f"{len(maps)} maps"
        sides = "\N{MULTIPLICATION SIGN}".join(map(str, maps.shape[1:]))
        sentence = f"{count} of {sides}. The strongest is map {strongest + 1}, {range_text(maps[strongest])}."
    if blank:
        sentence += f" {blank} {what + 's are' if blank > 1 else what + ' is'} blank: nothing here concerns them."
    return sentence


@dataclass(frozen=True)
class Occlusion:
    """How the probability of an image's digit falls where parts of the image are covered.

    Attributes:
        digit: whose probability falls.
        falls: (28, 28) float32, how far it falls where a pixel is covered, as the mean over the patches that cover it;
            below zero where it rises.
        sentence: what there is to see.
    """

    digit: int
    falls: np.ndarray
    sentence: str


@on_one_thread()
def occlusion(model: Model, image: np.ndarray, fill: float = 0.0) -> Occlusion:
    """Slide a small patch over an image and see how far the probability of its digit falls.

    Args:
        model: what reads it.
        image: (28, 28) float32 in [0, 1].
        fill: of the patch: 0 is paper, 1 is ink.

    Source: Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks" (2014), section 4.2.
    """
    step = PATCH_STEP if model.network.work <= SLOW else WIDE_PATCH_STEP
    corners = [(i, j) for i in range(0, SIDE - PATCH + 1, step) for j in range(0, SIDE - PATCH + 1, step)]
    covered = np.repeat(image[np.newaxis], len(corners), axis=0)
    for one, (i, j) in zip(covered, corners, strict=True):
        one[i : i + PATCH, j : j + PATCH] = fill
    is_changed = (covered != image).any(axis=(1, 2))  # what changes nothing costs nothing
    before = _probabilities(model, image[np.newaxis])[0]
    digit = int(before.argmax())
    after = np.repeat(before[np.newaxis], len(corners), axis=0)
    after[is_changed] = _probabilities(model, covered[is_changed])
    fall = before[digit] - after[:, digit]
    falls, count = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    for (i, j), lost in zip(corners, fall, strict=True):
        falls[i : i + PATCH, j : j + PATCH] += lost
        count[i : i + PATCH, j : j + PATCH] += 1
    worst = int(fall.argmax())
    sentence = _occlusion_sentence(digit, before, after[worst], *corners[worst])
    return Occlusion(digit, falls / np.maximum(count, 1), sentence)


def _occlusion_sentence(digit: int, before: np.ndarray, after: np.ndarray, row: int, column: int) -> str:
    if before[digit] - after[digit] < LITTLE:
        return (
            f"No single patch matters: whatever is covered, the probability of {digit} stays at "
            f"{certainty(after[digit])} or above."
        )
    there = location_text(row + PATCH / 2, column + PATCH / 2)
    now = int(after.argmax())
    turned = f", and the answer becomes {now}" if now != digit else ""
    return (
        f"The patch that matters most is {there}: covered, the probability of {digit} falls from "
        f"{certainty(before[digit])} to {certainty(after[digit])}{turned}."
    )


@dataclass(frozen=True)
class ClassActivation:
    """Where a layer's maps speak for a digit.

    Attributes:
        digit: for which.
        layer: whose maps.
        heat: (28, 28) float32, 0 or more.
        sentence: what there is to see.
    """

    digit: int
    layer: str
    heat: np.ndarray
    sentence: str


def map_layers(model: Model) -> list[str]:
    """The layers with feature maps, first the one that suits Grad-CAM best: the last with maps that are fine enough.

    Raises:
        NothingToExplain: there is none.
    """
    rows = [row for row in model.network.table() if len(row.output_shape) == 3 and row.output_shape[:2] != (1, 1)]
    if not rows:
        raise NothingToExplain("This network has no feature maps, so there is no Grad-CAM of it.")
    filtering = [row for row in rows if isinstance(row.layer, Conv2D | BatchNormalization | ReLU)]
    fine = [row for row in filtering if min(row.output_shape[:2]) >= FINE_MAP]
    first = (fine or filtering or rows)[-1].name
    return [first, *(row.name for row in rows if row.name != first)]


@on_one_thread()
def grad_cam(model: Model, image: np.ndarray, layer: str) -> ClassActivation:
    """Weigh a layer's maps by how much each raises the logit of the image's digit, and add them up.

    Args:
        model: what reads it.
        image: (28, 28) float32 in [0, 1].
        layer: one of `map_layers`.

    Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization" (2017),
        section 3.
    """
    digit = int(_probabilities(model, image[np.newaxis])[0].argmax())
    found = gradients(model.network, model.weights, image[np.newaxis], np.eye(model.network.classes)[digit])
    weight_of_map = found.layers[layer][0].mean(axis=(0, 1))
    cam = np.maximum(found.activations[layer][0] @ weight_of_map, 0)
    heat = np.asarray(Image.fromarray(cam).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    height, width = cam.shape
    maps = f"{layer}, {height}\N{MULTIPLICATION SIGN}{width}"
    if not heat.any():
        return ClassActivation(digit, layer, heat, f"Nothing in these maps ({maps}) speaks for {digit} on the whole.")
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    on_ink = float(heat[image > GREY].sum() / heat.sum())
    return ClassActivation(
        digit,
        layer,
        heat,
        f"What speaks for {digit} in these maps ({maps}) is strongest {location_text(row + 0.5, column + 0.5)}; "
        f"{percent(on_ink, 0)} of it lies on ink.",
    )


@dataclass(frozen=True)
class RunnerUp:
    """What distinguishes the answer from the second likeliest digit.

    Attributes:
        digit: the answer.
        second: the runner-up.
        difference: (28, 28) float32, how much a dab of ink there, three pixels wide, would raise the answer's logit
            over the runner-up's, by the gradient; below zero where it would lower it.
        turned: (28, 28) float32 in [0, 1], the image with the fewest tried pixels changed that make another answer;
            None where none of `CHANGED_PIXELS` did.
        sentence: what there is to see.
        turned_sentence: how many pixels that took.
    """

    digit: int
    second: int
    difference: np.ndarray
    turned: np.ndarray | None
    sentence: str
    turned_sentence: str


@on_one_thread()
def runner_up(model: Model, image: np.ndarray) -> RunnerUp:
    """Find what speaks for the second likeliest digit, and how few changed pixels make another answer.

    Args:
        model: what reads it.
        image: (28, 28) float32 in [0, 1].
    """
    before = _probabilities(model, image[np.newaxis])[0]
    second, digit = (int(index) for index in np.argsort(before)[-2:])
    wanted = np.zeros(model.network.classes, np.float32)
    wanted[digit], wanted[second] = 1, -1
    slope = gradients(model.network, model.weights, image[np.newaxis], wanted).image[0]
    dabs = _dabbed(slope)

    # A pixel can gain ink up to 1 or lose what it has; those with the largest expected effect come first.
    gain = np.where(slope < 0, (image - 1) * slope, image * slope)
    order = np.argsort(-gain, axis=None, kind="stable")
    tried = np.repeat(image[np.newaxis], len(CHANGED_PIXELS), axis=0)
    for one, count in zip(tried, CHANGED_PIXELS, strict=True):
        chosen = order[:count]
        one.flat[chosen] = slope.flat[chosen] < 0
    after = _probabilities(model, tried)
    turning = np.flatnonzero(after.argmax(axis=1) != digit)
    most = CHANGED_PIXELS[-1]
    turned, turned_sentence = None, f"Not even changing the {most} pixels that promise most turns the answer."
    if turning.size:
        turned = tried[turning[0]]
        count = CHANGED_PIXELS[turning[0]]
        pixels = "one pixel" if count == 1 else f"{count} pixels"
        turned_sentence = f"Changing {pixels} of 784 turns the answer into {int(after[turning[0]].argmax())}."

    chance = certainty(before[second]) if before[second] >= LEAST_SHARE else f"less than {certainty(LEAST_SHARE)}"
    sentence = f"Second is {second}, with {chance}."
    if there := _strongest_location(image * dabs):
        sentence += f" Of what you drew, the ink {there} speaks most for {digit}."
    else:
        sentence += f" Nothing that you drew speaks for {digit} rather than {second}."
    if there := _strongest_location((image - 1) * dabs):
        sentence += f" More ink {there} would speak most for {second}."
    return RunnerUp(digit, second, dabs, turned, sentence, turned_sentence)


def _dabbed(slope: np.ndarray) -> np.ndarray:
    """Sums over 3x3 pixels, as wide as a line: single pixels of a slope jump too much to be read."""
    padded = np.pad(slope, 1)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).sum(axis=(2, 3)))


def _strongest_location(values: np.ndarray) -> str:
    """Where the largest value lies; "" where none is above 0."""
    if values.max() <= 0:
        return ""
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return location_text(row + 0.5, column + 0.5)


def location_text(row: float, column: float) -> str:
    """Where a point of the 28x28 image lies: "at the upper left", "in the middle"."""
    across = ("left", "middle", "right")[min(int(3 * column / SIDE), 2)]
    down = ("upper", "middle", "lower")[min(int(3 * row / SIDE), 2)]
    if across == down == "middle":
        return "in the middle"
    if down == "middle":
        return f"at the middle {across}"
    return f"at the {down} {across}"


def range_text(numbers: np.ndarray) -> str:
    """Between which two numbers some lie: "from 0 to 5.88"."""
    low, high = number_text(numbers.min()), number_text(numbers.max())
    return low if low == high else f"from {low} to {high}"


def _probabilities(model: Model, images: np.ndarray) -> np.ndarray:
    """The model's calibrated answers, or `NothingToExplain` where they are not numbers."""
    if not len(images):
        return np.empty((0, model.network.classes), np.float32)
    probabilities = model.probabilities(images)
    if not np.isfinite(probabilities).all():
        raise NothingToExplain("This model's answer is not a number, so there is nothing to explain.")
    return probabilities
