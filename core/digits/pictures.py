"""An uploaded picture of one digit -> strokes, so that it joins the framing of drawings.

The ink is told from the paper, thinned to its centre line (Zhang & Suen, "A fast parallel algorithm for thinning
digital patterns", 1984), and the centre line is followed: what comes out are the strokes that a pen would have drawn.
They are framed and redrawn by the functions that frame drawings, so that a drawing and its picture look alike.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from core.digits.preprocessing import (
    BOARD_SIZE,
    MNIST_FRAMING,
    Framing,
    Images,
    NoInk,
    Points,
    TooLittleInk,
    TooMuchInk,
    averaged,
    frame_strokes,
)
from core.errors import InklingError

MAX_PICTURE_MB = 10
MAX_PIXELS = 16_000_000  # of a picture; a telephone's have 12 million. Decoding takes up to twelve bytes of each
MAX_SCANS = 100  # in which a JPEG is stored; a progressive one has ten, and its small preview another
MAX_SCANNED = (
    240_000_000  # pixels times scans: a few kilobytes can name as many scans as keep a processor busy for minutes
)
DETAIL_SIZE = 1120  # longer side that a picture is kept with, in pixels: four times the board's
TRACE_SIZE = 120  # longer side of the ink when its centre line is looked for, in pixels
MIN_CONTRAST = 0.1  # between paper and ink, of black and white
SPECK = 0.03  # ink that hangs together and is smaller than this share of the largest piece is dust
MAX_EDGE = 0.15  # share of the picture's edge that may be ink; more is a photo, a shadow or half a page
THICKEST = 0.45  # line, in longer sides of the ink; in 2,000 of MNIST's images at most 0.35
STUBBIEST = 0.5  # line, in its own lengths; in 2,000 of MNIST's images at most 0.48, a filled ellipse of 1:2.2 has 0.65
DOT_SIDE = 40  # of a blob, in canvas pixels; larger ones are no dots
SPUR = 1.0  # length of the side branches that thinning leaves and no pen has drawn, in half widths of the line

Mask = NDArray[np.bool_]
Pixel = tuple[int, int]  # row and column


class BadPicture(InklingError):
    """The file is no PNG and no JPEG, or it is damaged."""


class PictureTooLarge(InklingError):
    """The picture has more bytes or pixels than a picture of one digit needs; it was refused unread."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of a digit, as a drawing on the board.

    Attributes:
        strokes: (n, 2) x and y of each centre line, in canvas pixels.
        ink: (280, 280) float32 in [0, 1], the whole picture on a square sheet.
    """

    strokes: tuple[Points, ...]
    ink: Images


def read_picture(content: bytes) -> Picture:
    """Read a PNG or JPEG of one digit, dark on light or light on dark; its content decides what it is, not its name.

    It is turned as its camera was held; transparent parts are white paper; ink is told from paper by its brightness or
    by whichever colour tells them apart best.

    Raises:
        BadPicture: it is neither, damaged, or cut short.
        PictureTooLarge: above `MAX_PICTURE_MB` or `MAX_PIXELS`; its header is enough to refuse it.
        NoInk: it shows one colour only.
        TooLittleInk: it shows a dot.
        TooMuchInk: it shows a blot and no lines, or what is dark reaches far along the picture's edge.
    """
    ink = _ink(_brightness(content))
    sheet = averaged(ink, BOARD_SIZE, side=len(ink))
    kept = _without_specks(sheet > 0.5)
    if not kept.any():
        raise NoInk("Nothing is drawn in this picture. Choose one of a single digit.")
    sheet = np.where(_greatest_around(_greatest_around(kept)), sheet, 0).astype(np.float32)
    return Picture(tuple(_centre_lines(ink, kept)), sheet)


def frame_picture(picture: Picture, framing: Framing = MNIST_FRAMING) -> Images:
    """Frame a picture as `frame_strokes` does a drawing; returns and raises what that does."""
    return frame_strokes(picture.strokes, framing, ink=picture.ink)


# From the file to ink


_READERS = {b"\x89PNG\r\n\x1a\n": PngImageFile, b"\xff\xd8\xff": JpegImageFile}
_SCAN = b"\xff\xda"  # begins a scan of a JPEG; within one these bytes cannot stand
# Pictures are read one after the other: each may take 190 MB for a moment, and warnings are silenced for all threads.
_reading = threading.Lock()


def _brightness(content: bytes) -> Images:
    """Decode a picture: (height, width) float32 in [0, 1], its longer side at most about `DETAIL_SIZE`."""
    reader = next((reader for magic, reader in _READERS.items() if content.startswith(magic)), None)
    if reader is None:
        raise BadPicture("PNG or JPEG please: this file is neither.")
    if len(content) > MAX_PICTURE_MB * 1_000_000:
        raise PictureTooLarge(f"This file is larger than {MAX_PICTURE_MB} MB. Make the picture smaller, or cut it out.")
    with _reading, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about damage that is no matter here
        try:
            # Not `Image.open`, which knows forty formats more and looks at the size too late.
            image = reader(io.BytesIO(content))
            pixels, scans = image.width * image.height, content.count(_SCAN) if reader is JpegImageFile else 1
            if pixels <= MAX_PIXELS and scans <= MAX_SCANS and pixels * scans <= MAX_SCANNED:
                return _grey(_loaded(image))
        except Exception:  # whatever Pillow stumbles over, from SyntaxError to struct.error
            raise BadPicture("PNG or JPEG please: this file is damaged or cut short. Save it again.") from None
    if pixels <= MAX_PIXELS:
        raise PictureTooLarge(f"This picture is stored in {scans:,} scans, and takes too long to read. Save it as PNG.")
    raise PictureTooLarge(
        f"This picture has {image.width:,} x {image.height:,} pixels. "
        f"Make it smaller: {MAX_PIXELS // 1_000_000} million are the most."
    )


def _loaded(image: Image.Image) -> Image.Image:
    """Decode, shrink, and turn an image whose size is known to be harmless."""
    image.draft(None, (DETAIL_SIZE, DETAIL_SIZE))  # a JPEG decodes smaller for less
    image.load()
    exif = image.info.get("exif")
    if image.mode.startswith("I"):
        image = _in_8_bits(image)
    elif image.mode in ("P", "PA", "LA", "1") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode == "CMYK":
        image = image.convert("RGB")
    image = image.reduce(-(-max(image.size) // DETAIL_SIZE))
    if exif:
        image.info["exif"] = exif
    with suppress(Exception):  # which Pillow raises many of; without a whole EXIF a picture is as it lies
        return ImageOps.exif_transpose(image)
    return image


def _in_8_bits(image: Image.Image) -> Image.Image:
    """Scale a picture of 16 bits by its own brightest pixel: a scanner may have used only 10 or 12 of them."""
    values = np.asarray(image, np.float32)
    return Image.fromarray((values * (255 / max(float(values.max()), 255))).astype(np.uint8))


def _grey(image: Image.Image) -> Images:
    """The channel in which ink and paper differ most, over white or, where all is white then, over black."""
    pixels: Images = np.asarray(image, np.float32) / np.float32(255)
    if pixels.ndim == 2:
        return pixels
    colours, opacity = pixels[..., :3], pixels[..., 3:] if pixels.shape[2] == 4 else np.float32(1)
    on_white = colours * opacity + (1 - opacity)
    flat = np.ptp(on_white) < MIN_CONTRAST
    channels = [*np.moveaxis(colours * opacity if flat else on_white, -1, 0)]
    channels.append(np.mean(channels, axis=0))
    return max(reversed(channels), key=lambda channel: float(channel.std().round(3)))


def _ink(grey: Images) -> Images:
    """Tell ink from paper: a square sheet with the picture in its middle, 0 is paper and 1 ink."""
    coarse = averaged(grey, BOARD_SIZE, side=max(grey.shape))[: _scaled(grey, 0), : _scaled(grey, 1)]
    threshold = _otsu(coarse)
    edge = np.concatenate([coarse[0], coarse[-1], coarse[1:-1, 0], coarse[1:-1, -1]])
    light_edge = float((edge > threshold).mean())
    is_light = light_edge >= 0.5
    is_paper = (coarse > threshold) == is_light
    if is_paper.all():
        raise NoInk("Nothing is drawn in this picture. Choose one of a single digit.")
    paper, ink = (float(np.median(coarse[mask])) for mask in (is_paper, ~is_paper))
    if abs(paper - ink) < MIN_CONTRAST:
        raise NoInk("Nothing stands out in this picture. Choose one of a single digit, dark on light or light on dark.")
    if min(light_edge, 1 - light_edge) > MAX_EDGE:
        raise TooMuchInk("Too much of this picture's edge is ink: choose a single digit with paper all around it.")
    # The threshold becomes one half, paper 0: what lies halfway between them is the edge of a line.
    sheet = np.clip((grey - paper) / (ink - paper), 0, 1)
    height, width = sheet.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(sheet, ((top, side - height - top), (left, side - width - left)))


def _scaled(grey: Images, axis: int) -> int:
    return max(1, int(BOARD_SIZE * grey.shape[axis] / max(grey.shape)))


def _otsu(grey: Images) -> float:
    """Find the threshold that tells two kinds of pixels apart best.

    Source: Otsu, "A threshold selection method from gray-level histograms" (1979).
    """
    counts, edges = np.histogram(grey, 256, (0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()[:-1]
    above = counts.sum() - below
    sums = (counts * middles).cumsum()
    with np.errstate(all="ignore"):
        apart = below * above * (sums[:-1] / below - (sums[-1] - sums[:-1]) / above) ** 2
    apart = np.nan_to_num(apart)
    best = np.flatnonzero(apart >= apart.max() * (1 - 1e-9))  # many, where there are few shades
    return float(edges[1:-1][best].mean())


# From ink to its centre line


def _without_specks(ink: Mask) -> Mask:
    """Drop the pieces that are much smaller than the largest one."""
    if not ink.any():
        return ink
    labels = np.where(ink, np.arange(1, ink.size + 1, dtype=np.int32).reshape(ink.shape), 0)
    while True:
        # Each pixel takes the largest label around it, then that label's own, which doubles the reach of each turn.
        spread = np.where(ink, _greatest_around(labels), 0)
        spread = np.where(ink, np.append(np.int32(0), spread)[spread], 0)
        if (spread == labels).all():
            break
        labels = spread
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= SPECK * sizes.max())[labels] & ink)


def _greatest_around(values: NDArray[Any]) -> NDArray[Any]:
    """The greatest of each pixel and its eight neighbours."""
    for _ in range(2):  # along the rows, then along the columns
        padded = np.pad(values, ((1, 1), (0, 0)))
        values = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:]).T
    return values


def _neighbours_of_all(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield the eight neighbours of every pixel, clockwise from the upper one."""
    height, width = values.shape
    padded = np.pad(values, 1)
    for row, column in _AROUND:
        yield padded[1 + row : 1 + row + height, 1 + column : 1 + column + width]


_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))


def _centre_lines(ink: Images, kept: Mask) -> Iterator[Points]:
    """Follow the centre line of the ink, in canvas pixels.

    Args:
        ink: (side, side) float32 in [0, 1].
        kept: (280, 280) where on the sheet the digit's ink is.

    Raises:
        TooLittleInk, TooMuchInk: the ink is a dot or a blot.
    """
    to_board = BOARD_SIZE / len(ink)
    rows, columns = (np.flatnonzero(kept.any(axis=axis)) for axis in (1, 0))
    low, high = np.array([columns[0], rows[0]]), np.array([columns[-1], rows[-1]]) + 1
    side = float((high - low).max())
    # A margin of paper around the ink, within the sheet's own pixels.
    margin = 4 * side / TRACE_SIZE + 1
    corner, window = (low + high - side) / 2 - margin, side + 2 * margin
    near = Image.fromarray(np.pad(ink, len(ink)))
    left, top = (float(place) for place in corner / to_board + len(ink))
    width = window / to_board
    size = round(TRACE_SIZE * window / side)
    enlarged = near.resize((size, size), Image.Resampling.BICUBIC, (left, top, left + width, top + width))
    mask = averaged(_greatest_around(kept).astype(np.float32), size, tuple(corner), window) > 0
    lines = (np.asarray(enlarged) > 0.5) & mask
    thin, peels = thinned(lines)
    if 2 * peels > min(THICKEST * TRACE_SIZE, STUBBIEST * thin.sum()):
        if side < DOT_SIDE:
            raise TooLittleInk("Too little ink: this picture shows a dot. Choose one of a single digit.")
        raise TooMuchInk("Too much ink for one digit: choose a picture of a single digit, drawn with lines.")
    half_width = lines.sum() / max(thin.sum(), 1) / 2
    for path in _followed(thin, SPUR * half_width):
        yield corner + (_smoothed(path) + 0.5) * window / size


def thinned(ink: Mask) -> tuple[Mask, int]:
    """Peel ink from all sides until only its centre line is left, one pixel wide.

    Args:
        ink: (height, width) bool.

    Returns:
        The centre line, (height, width) bool; and how often it was peeled, half the ink's greatest width in pixels.

    Source: Zhang & Suen, "A fast parallel algorithm for thinning digital patterns" (1984).
    """
    line = ink.astype(np.uint8)
    peels = 0
    while True:
        before = line.sum()
        for removable in _REMOVABLE:
            around = sum(neighbour << place for place, neighbour in enumerate(_neighbours_of_all(line)))
            line &= ~removable[around]
        if line.sum() == before:
            return line.astype(bool), peels
        peels += 1


def _removable(corners: tuple[tuple[int, ...], tuple[int, ...]]) -> NDArray[np.uint8]:
    """For each of the 256 neighbourhoods, whether the pixel in its middle may go."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    inked = bits.sum(axis=1)
    rises = ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1)
    open_sides = [bits[:, list(places)].prod(axis=1) == 0 for places in corners]
    return np.asarray((inked >= 2) & (inked <= 6) & (rises == 1) & open_sides[0] & open_sides[1], np.uint8)


# Up, right, down, left are the neighbours 0, 2, 4, 6; each turn peels two sides.
_REMOVABLE = (_removable(((0, 2, 4), (2, 4, 6))), _removable(((0, 2, 6), (0, 4, 6))))


def _followed(thin: Mask, spur: float) -> Iterator[Points]:
    """Follow thin lines between ends and forks, short side branches left out: (n, 2) x and y of the pixels of each."""
    pixels = set(zip(*(places.tolist() for places in np.nonzero(thin)), strict=True))
    for _ in range(3):  # a spur may have had spurs
        near = _neighbours(pixels)
        paths = list(_paths(near))
        spurs = [
            path
            for path in paths
            if sorted((len(near[path[0]]) == 1, len(near[path[-1]]) == 1)) == [False, True] and _length(path) < spur
        ]
        if not spurs:
            break
        for path in spurs:
            pixels.difference_update(pixel for pixel in path if len(near[pixel]) < 3)
    for path in paths:
        yield np.array(path, float)[:, ::-1]


def _neighbours(pixels: set[Pixel]) -> dict[Pixel, list[Pixel]]:
    """The pixels that each pixel is linked to; diagonally only where there is no way around the corner."""
    return {
        (row, column): [
            (row + down, column + right)
            for down, right in _AROUND
            if (row + down, column + right) in pixels
            and not (down and right and ((row + down, column) in pixels or (row, column + right) in pixels))
        ]
        for row, column in pixels
    }


def _paths(near: dict[Pixel, list[Pixel]]) -> Iterator[list[Pixel]]:
    walked: set[tuple[Pixel, Pixel]] = set()
    forks_and_ends = [pixel for pixel, links in near.items() if len(links) != 2]
    for start in [*sorted(forks_and_ends), *sorted(near)]:  # the others, where a loop has neither
        if not near[start]:
            yield [start]
        for following in near[start]:
            path = [start]
            while (path[-1], following) not in walked:
                walked |= {(path[-1], following), (following, path[-1])}
                path.append(following)
                if len(near[following]) != 2:
                    break
                following = next(pixel for pixel in near[following] if pixel != path[-2])
            if len(path) > 1:
                yield path


def _length(path: list[Pixel]) -> float:
    return sum(float(np.hypot(b[0] - a[0], b[1] - a[1])) for a, b in pairwise(path))


def _smoothed(path: Points) -> Points:
    """Take the stairs out of a line of pixels; its ends stay."""
    if len(path) < 3:
        return path
    reach = min(SMOOTHING, (len(path) - 1) // 2)
    sums = np.concatenate([np.zeros((1, 2)), path.cumsum(axis=0)])
    places = np.arange(len(path))
    around = np.minimum(np.minimum(places, len(path) - 1 - places), reach)  # less towards the ends
    return np.asarray((sums[places + around + 1] - sums[places - around]) / (2 * around + 1)[:, None])


SMOOTHING = 3  # pixels before and after each that are averaged with it
