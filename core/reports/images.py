"""Arrays as pictures: feature maps, filters and heat maps as PNGs, and as addresses that a page can show.

A picture has one pixel for each number and is transparent, so that the page shows through: the opacity of a pixel says
how large its number is, its colour whether the number is above or below zero.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

DIGIT_OPACITY = 0.45  # of a drawing under a heat map


class Colours(NamedTuple):
    """The colours of a picture, as "#2446C8": for numbers above zero, below zero, and the ink of a drawing."""

    above: str
    below: str
    ink: str


def map_sheet(maps: np.ndarray, colours: Colours, scale: float | None = None) -> bytes:
    """Maps side by side as one PNG.

    Args:
        maps: (n, height, width) numbers of any sign, at least one.
        colours: the colours of the picture.
        scale: the absolute value that is painted opaque; by default the largest one.
    """
    strength = _strength(np.concatenate(list(maps), axis=1), scale)
    return _png(*_painted(strength, colours))


def heat_map(image: np.ndarray, heat: np.ndarray, colours: Colours, scale: float | None = None) -> bytes:
    """A drawing with a heat map over it, as a PNG.

    Args:
        image: (28, 28) float32 in [0, 1].
        heat: (28, 28) numbers of any sign.
        colours: the colours of the picture.
        scale: the absolute value that is painted opaque; by default the largest one.
    """
    colour, heat_opacity = _painted(_strength(heat, scale), colours)
    ink_opacity = DIGIT_OPACITY * image * (1 - heat_opacity)
    opacity = heat_opacity + ink_opacity
    share = (heat_opacity / np.maximum(opacity, 1e-6))[..., np.newaxis]
    return _png(share * colour + (1 - share) * _rgb(colours.ink), opacity)


def side_by_side(pngs: Sequence[bytes]) -> bytes:
    """Pictures of one size as one, from left to right."""
    return encoded(np.concatenate([np.asarray(Image.open(io.BytesIO(png))) for png in pngs], axis=1))


def encoded(pixels: np.ndarray) -> bytes:
    """Pixels as a PNG: (height, width, 3) or, with their opacity, (height, width, 4) uint8."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", compress_level=1)
    return content.getvalue()


def data_url(png: bytes) -> str:
    """A PNG as a `data:` URL."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _strength(values: np.ndarray, scale: float | None) -> np.ndarray:
    largest = float(np.abs(values).max(initial=0)) if scale is None else scale
    return np.clip(values / largest, -1, 1) if largest > 0 else np.zeros(values.shape)


def _painted(strength: np.ndarray, colours: Colours) -> tuple[np.ndarray, np.ndarray]:
    """Colour (height, width, 3) in 0..255 and opacity (height, width) in [0, 1] of numbers in [-1, 1]."""
    is_below = (strength < 0)[..., np.newaxis]
    return np.where(is_below, _rgb(colours.below), _rgb(colours.above)), np.abs(strength)


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)], np.float32)


def _png(colour: np.ndarray, opacity: np.ndarray) -> bytes:
    return encoded(np.concatenate([colour, 255 * opacity[..., np.newaxis]], axis=-1).round().astype(np.uint8))
