"""The augmentations: how far a training image may be changed before the network sees it, and the change itself.

A network that is shown a digit turned, moved, stretched, bent and drawn with another pen learns that all these are the
same digit. The ranges are data, part of a recipe; `augmented` is what both the training and the preview call.

Sources: Simard, Steinkraus & Platt, "Best Practices for Convolutional Neural Networks Applied to Visual Document
Analysis" (2003), for bending a digit by a smooth random field (`elastic`) beside the affine changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.digits.preprocessing import IMAGE_SIZE
from core.value import Value

Floats = NDArray[np.float32]

BENDS = 4  # points along a side that are moved at random: 5.4 pixels apart, about as smooth as Simard's sigma of 4
_AFFINE_DRAWS = 6
_DRAWS = _AFFINE_DRAWS + 1 + 2 * BENDS**2  # random numbers that an image takes, whatever is switched on


class Augmentation(Value):
    """Ranges from which every training image draws its own change in every epoch; zero switches a change off."""

    rotation: float = Field(0.0, ge=0, le=45, description="Turn by up to this many degrees, either way.")
    shift: float = Field(0.0, ge=0, le=0.3, description="Move by up to this share of the image's side, either way.")
    zoom: float = Field(0.0, ge=0, le=0.4, description="Shrink or enlarge by up to this share, each axis by itself.")
    shear: float = Field(0.0, ge=0, le=45, description="Slant by up to this many degrees, either way.")
    elastic: float = Field(
        0.0, ge=0, le=4, description="Bend the page: its points move by up to this many pixels, neighbours together."
    )
    thickness: float = Field(
        0.0, ge=0, le=0.8, description="Make lines thicker or thinner by up to this many pixels on each side."
    )

    @property
    def is_on(self) -> bool:
        """Whether any change can happen at all."""
        return any(value for _, value in self)


def augmented(images: Floats, augmentation: Augmentation, seed: Sequence[int]) -> Floats:
    """Change each image by its own draw.

    Turning, slanting, stretching, moving and bending are one bilinear resampling, in which paper comes in at the edges;
    thicker or thinner lines follow. What an image draws for one change does not depend on which others are on.

    Args:
        images: (n, 28, 28) float32 in [0, 1]; 0 is paper, 1 is full ink.
        augmentation: the ranges.
        seed: whole numbers, 0 or more; the same seed draws the same changes.

    Returns:
        (n, 28, 28) float32 in [0, 1]; `images` itself where nothing is switched on.
    """
    draws = np.random.default_rng(list(seed)).random((len(images), _DRAWS), np.float32) * 2 - 1
    resampling = augmentation.model_copy(update={"thickness": 0.0})
    if resampling.is_on:
        images = resampled(images, *_origins(draws, resampling))
    if augmentation.thickness:
        images = _thickened(images, draws[:, _AFFINE_DRAWS] * np.float32(augmentation.thickness))
    return images


def _origins(draws: Floats, ranges: Augmentation) -> tuple[Floats, Floats]:
    """Where each pixel of the new images lies in the old ones: x and y, each (n, 28, 28)."""
    turn = draws[:, 0] * np.float32(np.radians(ranges.rotation))
    slant = np.tan(draws[:, 1] * np.float32(np.radians(ranges.shear)))
    stretch_x, stretch_y = (1 + draws[:, i] * np.float32(ranges.zoom) for i in (2, 3))
    move_x, move_y = (draws[:, i, None] * np.float32(ranges.shift * IMAGE_SIZE) for i in (4, 5))
    cosine, sine = np.cos(turn), np.sin(turn)
    # About the centre: turn * slant * stretch, then move.
    centre = np.float32((IMAGE_SIZE - 1) / 2)
    away = np.arange(IMAGE_SIZE, dtype=np.float32) - centre
    x_by_x, x_by_y = cosine * stretch_x, (cosine * slant - sine) * stretch_y
    y_by_x, y_by_y = sine * stretch_x, (sine * slant + cosine) * stretch_y
    x = (np.outer(x_by_x, away) + (centre + move_x))[:, None, :] + np.outer(x_by_y, away)[:, :, None]
    y = np.outer(y_by_x, away)[:, None, :] + (np.outer(y_by_y, away) + (centre + move_y))[:, :, None]
    if ranges.elastic:
        knots = draws[:, _AFFINE_DRAWS + 1 :].reshape(-1, 2, BENDS, BENDS) * np.float32(ranges.elastic)
        bent = _BENDING @ knots @ _BENDING.T
        x += bent[:, 0]
        y += bent[:, 1]
    return x, y


def _bending() -> Floats:
    """The weight that each of a line's random points has in each of its pixels: (28, BENDS).

    Cubic B-splines, whose weights add up to at most 1: nothing moves further than the furthest point. Mirrored with
    the opposite sign at both ends, so that the frame of the page stays where it is.
    """
    spacing = (IMAGE_SIZE - 1) / (BENDS + 1)
    position = np.arange(IMAGE_SIZE)[:, None] / spacing

    def weight(knots: NDArray[np.intp]) -> NDArray[np.floating]:
        away = np.abs(position - knots)
        near, far = 2 / 3 - away**2 + away**3 / 2, (2 - np.minimum(away, 2)) ** 3 / 6
        return np.where(away < 1, near, far)

    inner = np.arange(1, BENDS + 1)
    weights: Floats = (weight(inner) - weight(-inner) - weight(2 * (BENDS + 1) - inner)).astype(np.float32)
    return weights


_BENDING = _bending()


def resampled(images: Floats, x: Floats, y: Floats) -> Floats:
    """Take each new pixel from between four old ones; beyond the edges is paper. All (n, 28, 28)."""
    # One row and column of paper before, two after: a position outside is moved onto them, and has a neighbour there.
    page = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    width = page.shape[2]
    x, y = (np.clip(position + 1, 0, IMAGE_SIZE + 1, dtype=np.float32) for position in (x, y))
    column, row = x.astype(np.int32), y.astype(np.int32)
    x -= column
    y -= row
    first = np.arange(len(images), dtype=np.intp)[:, None, None] * (width * width)
    index = first + (row * width + column)
    ink = page.reshape(-1)
    left, right = ink[index], ink[1:][index]
    above = left + x * (right - left)
    left, right = ink[width:][index], ink[width + 1 :][index]
    below = left + x * (right - left)
    new: Floats = above + y * (below - above)
    return new


def _thickened(images: Floats, pixels: Floats) -> Floats:
    """Lines thicker by so many pixels on each side, thinner where negative; (n, 28, 28) and (n,) in [-1, 1].

    A blend of the image with its grey dilation or erosion, by a mean of the 3x3 cross and the 3x3 square: the cross
    alone thickens slanting lines by 0.7 pixels, the square by 1.4. A line too thin to become thinner would fade
    instead; dividing by the darkest pixel, as MNIST's authors did last, leaves it as dark as it was.
    """
    sign = np.sign(pixels)[:, None, None]
    page = np.pad(images * sign, ((0, 0), (1, 1), (1, 1)))  # eroding is dilating the negative
    upright = np.maximum(np.maximum(page[:, :-2], page[:, 2:]), page[:, 1:-1])
    square = np.maximum(np.maximum(upright[:, :, :-2], upright[:, :, 2:]), upright[:, :, 1:-1])
    lying = np.maximum(page[:, 1:-1, :-2], page[:, 1:-1, 2:])
    cross = np.maximum(upright[:, :, 1:-1], lying)
    changed = sign * (square + cross) / 2
    new: Floats = images + np.abs(pixels)[:, None, None] * (changed - images)
    darkest, left = images.max(axis=(1, 2)), new.max(axis=(1, 2))
    new *= np.divide(darkest, left, out=np.ones_like(left), where=left > 0)[:, None, None]
    return np.minimum(new, 1, out=new)
