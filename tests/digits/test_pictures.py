"""A picture of a drawing is read as the drawing is; every other file gets one plain sentence."""

import io
import time
import warnings
import zlib
from contextlib import suppress

import numpy as np
import pytest
import threadpoolctl
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core.digits.pictures import (
    MAX_PICTURE_MB,
    BadPicture,
    PictureTooLarge,
    frame_picture,
    read_picture,
)
from core.digits.preprocessing import Framing, NoInk, TooLittleInk, TooMuchInk, frame_strokes, framing_steps
from core.digits.synthetic.handwriting import handwriting
from core.errors import InklingError
from core.networks.model import pretrained
from tests import mutations
from tests.drawings import DIGITS, ONE, SLANTED_ONE

t = np.linspace(0, 1, 60)
DRAWINGS = {
    0: [np.stack([50 + 30 * np.sin(6.28 * t), 50 - 48 * np.cos(6.28 * t)], axis=1)],
    1: [np.array([(35, 25), (55, 2), (55, 98)], float)],
    2: [np.array([(20, 25), (30, 8), (50, 2), (70, 10), (74, 30), (60, 55), (18, 96), (82, 95)], float)],
    3: [np.array([(22, 8), (70, 5), (45, 42), (72, 55), (72, 80), (50, 96), (20, 88)], float)],
    4: [np.array([(40, 2), (15, 60), (80, 60)], float), np.array([(62, 30), (60, 98)], float)],
    5: [
        np.array([(30, 5), (26, 45), (55, 40), (74, 60), (66, 88), (40, 97), (20, 88)], float),
        np.array([(30, 5), (75, 4)], float),
    ],
    6: [np.array([(62, 3), (38, 30), (26, 62), (32, 90), (55, 97), (70, 80), (62, 58), (42, 58), (29, 75)], float)],
    7: [np.array([(18, 6), (78, 4), (55, 50), (40, 98)], float), np.array([(30, 48), (72, 46)], float)],
    8: [np.stack([50 + 26 * np.sin(12.566 * t), 50 - 47 * np.cos(6.2832 * t)], axis=1)],
    9: [np.array([(72, 20), (50, 4), (28, 20), (34, 44), (56, 46), (72, 20), (70, 60), (58, 98)], float)],
}  # fmt: skip
SEVEN = DRAWINGS[7]


def placed(strokes, height, left, top):
    return [stroke * height / 100 + (left, top) for stroke in strokes]


def pictured(strokes, width, paper=255, ink=0, size=(280, 280), mode="L"):
    """The strokes drawn with a round pen by Pillow, smoothly."""
    fine = 3
    mask = Image.new("L", (size[0] * fine, size[1] * fine), 0)
    pen = ImageDraw.Draw(mask)
    for stroke in strokes:
        points = [tuple(point) for point in stroke * fine]
        pen.line(points, fill=255, width=round(width * fine))
        reach = width * fine / 2
        for x, y in points:
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
    mask = mask.resize(size, Image.Resampling.BOX)
    return Image.composite(Image.new(mode, size, ink), Image.new(mode, size, paper), mask)


def encoded(image, kind="PNG", **options):
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def difference(one, other):
    """Mean absolute difference; the framing's shift by whole pixels may fall out differently by one."""
    shifts = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    return min(float(np.abs(np.roll(one, shift, (0, 1)) - other).mean()) for shift in shifts)


def digit(image):
    with threadpoolctl.threadpool_limits(1):
        return int(pretrained().probabilities(image[None])[0].argmax())


# Strokes and pixels agree


@given(
    st.sampled_from(sorted(DRAWINGS)),
    st.sampled_from([8, 12, 18, 24, 32]),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.booleans(),
    st.sampled_from(["PNG", "JPEG"]),
)
@settings(max_examples=40)
def test_a_picture_of_a_drawing_is_framed_and_answered_as_the_drawing(
    number, width, larger, right, down, is_chalk, kind
):
    height = 70 + 3 * width + larger * (180 - 3 * width - 20)  # a pen that fits the digit
    room = 280 - height - width
    strokes = placed(DRAWINGS[number], height, width / 2 + right * room, width / 2 + down * room)
    paper, ink = (20, 240) if is_chalk else (255, 0)

    read = frame_picture(read_picture(encoded(pictured(strokes, width, paper, ink), kind)))

    drawn = frame_strokes(strokes)
    assert difference(read, drawn) < 0.045
    assert digit(read) == digit(drawn) == number


@pytest.mark.parametrize("number", DRAWINGS)
def test_the_same_digit_in_a_small_and_in_a_large_picture_is_the_same(number):
    small = frame_picture(read_picture(encoded(pictured(placed(DRAWINGS[number], 44, 6, 6), 5, size=(56, 56)))))
    large = frame_picture(
        read_picture(encoded(pictured(placed(DRAWINGS[number], 880, 120, 120), 100, size=(1120, 1120))))
    )

    assert difference(small, large) < 0.05
    assert digit(small) == digit(large) == number


def test_a_small_digit_on_a_large_photo_is_found():
    photo = pictured(
        placed(SEVEN, 90, 700, 100), 9, paper=(236, 232, 225), ink=(40, 60, 160), size=(1400, 900), mode="RGB"
    )

    assert digit(frame_picture(read_picture(encoded(photo, "JPEG")))) == 7


def test_mnist_itself_is_read_from_pictures():
    strokes = placed(DRAWINGS[3], 18, 5, 5)
    tiny = pictured(strokes, 2.4, 0, 255, size=(28, 28))

    assert digit(frame_picture(read_picture(encoded(tiny)))) == 3


def test_dust_is_no_ink():
    image = pictured(placed(SEVEN, 150, 60, 60), 18)
    ImageDraw.Draw(image).rectangle((4, 4, 7, 7), fill=0)
    clean = frame_strokes(placed(SEVEN, 150, 60, 60))

    assert difference(frame_picture(read_picture(encoded(image))), clean) < 0.03


@pytest.mark.parametrize("framing", [Framing(box=False), Framing(redraw=False), Framing(False, False, False, False)])
def test_a_picture_and_its_drawing_break_in_the_same_way(framing):
    strokes = placed(SEVEN, 140, 20, 100)

    read = frame_picture(read_picture(encoded(pictured(strokes, 18))), framing)

    assert difference(read, frame_strokes(strokes, framing, 18)) < 0.03


def test_the_steps_of_a_picture_end_with_what_the_network_sees():
    picture = read_picture(encoded(pictured(placed(SEVEN, 150, 60, 60), 18)))

    steps = framing_steps(picture.strokes, ink=picture.ink)

    np.testing.assert_array_equal(steps[-1].image, frame_picture(picture))
    assert [step.name for step in steps] == ["Drawn", "Boxed", "Scaled", "Centred", "28x28"]


# whatever kind of picture


def kinds():
    drawing = placed(SEVEN, 150, 60, 60)
    dark = pictured(drawing, 18)
    ink = 255 - np.asarray(dark)
    clear = np.zeros((*ink.shape, 4), np.uint8)
    clear[..., 3] = ink
    chalk = clear.copy()
    chalk[..., :3] = 255
    turned = Image.Exif()
    turned[0x0112] = 6  # held upright: the picture lies on its side
    yield "16-bit", encoded(Image.fromarray(np.asarray(dark).astype(np.uint16) * 257))
    yield "12 of 16 bits", encoded(Image.fromarray(np.asarray(dark).astype(np.uint16) * 16))
    yield "10 of 16 bits, light on dark", encoded(Image.fromarray(ink.astype(np.uint16) * 4))
    yield "16-bit, light on dark", encoded(Image.fromarray(ink.astype(np.uint16) * 257))
    yield "palette", encoded(dark.convert("RGB").quantize(8))
    yield "palette with a transparent colour", encoded(dark.quantize(4), transparency=0)
    yield "grey with alpha", encoded(Image.merge("LA", (Image.new("L", dark.size, 0), Image.fromarray(ink))))
    yield "ink on nothing", encoded(Image.fromarray(clear))
    yield "chalk on nothing", encoded(Image.fromarray(chalk))
    yield "1-bit", encoded(dark.convert("1"))
    yield "CMYK", encoded(dark.convert("RGB").convert("CMYK"), "JPEG")
    yield "progressive", encoded(dark, "JPEG", progressive=True, quality=40)
    yield "turned by EXIF", encoded(dark.rotate(90, expand=True), "JPEG", exif=turned)
    yield "with a broken EXIF", encoded(dark, "JPEG", exif=b"Exif\0\0garbage")
    yield "a PNG with a broken EXIF", encoded(dark, exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    yield "light on dark", encoded(pictured(drawing, 18, 10, 250))
    yield "blue on yellow", encoded(pictured(drawing, 18, (255, 225, 60), (40, 60, 200), mode="RGB"))
    yield "yellow on white", encoded(pictured(drawing, 18, (255, 255, 255), (255, 240, 80), mode="RGB"))
    yield "pale pencil", encoded(pictured(drawing, 18, 240, 190))
    yield "wide", encoded(pictured(placed(SEVEN, 150, 160, 60), 18, size=(500, 280)))


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in kinds()])
@pytest.mark.bad_input(12)
def test_row_12_every_kind_of_picture_is_read_as_the_same_seven(content):
    read = frame_picture(read_picture(content))

    assert difference(read, frame_strokes(SEVEN)) < 0.03
    assert digit(read) == 7


# whatever else


SHARP = encoded(pictured(placed(SEVEN, 150, 60, 60), 18))
PHOTO = encoded(pictured(placed(SEVEN, 150, 60, 60), 18), "JPEG")
NO_PICTURES = {
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L9 9"/></svg>',
    "PDF": b"%PDF-1.7\n1 0 obj<<>>endobj",
    "0 bytes": b"",
    ".exe named .png": b"MZ\x90\x00" + bytes(2000),
    "GIF": encoded(pictured(SEVEN, 8), "GIF"),
    "BMP": encoded(pictured(SEVEN, 8), "BMP"),
    "truncated PNG": SHARP[: len(SHARP) // 2],
    "truncated JPEG": PHOTO[: len(PHOTO) // 2],
    "a PNG's first bytes": SHARP[:8],
    "a PNG with a flipped bit": SHARP[:60] + bytes([SHARP[60] ^ 1]) + SHARP[61:],
    "a PNG's header before a PDF": SHARP[:33] + b"%PDF-1.7" * 50,
}


@pytest.mark.parametrize("content", NO_PICTURES.values(), ids=NO_PICTURES.keys())
@pytest.mark.bad_input(10)
def test_row_10_what_is_no_whole_png_or_jpeg_is_told_by_its_content(content):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BadPicture, match=r"^PNG or JPEG please: this file is [^\n]+\.$"):
            read_picture(content)


@pytest.mark.parametrize("size", [(13_000, 13_000), (100_000, 100_000), (2_000_000_000, 2), (4001, 4000)])
@pytest.mark.bad_input(11)
def test_row_11_an_image_bomb_is_refused_from_its_header(size):
    content = mutations.bomb(*size)
    started = time.perf_counter()
    with pytest.raises(PictureTooLarge, match="million are the most"):
        read_picture(content)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("scans", [90, 3_000])
@pytest.mark.bad_input(11)
def test_a_jpeg_that_is_scanned_over_and_over_is_refused_from_its_bytes(scans):
    with pytest.raises(PictureTooLarge, match="scans, and takes too long to read"):
        read_picture(mutations.progressive(scans))


def test_a_file_of_too_many_bytes_is_refused():
    with pytest.raises(PictureTooLarge, match=f"larger than {MAX_PICTURE_MB} MB"):
        read_picture(SHARP + bytes(MAX_PICTURE_MB * 1_000_000))


def test_a_text_that_unpacks_to_a_thousand_times_its_size_is_left_packed():
    text = mutations.chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(20_000_000), 9))
    with pytest.raises(BadPicture):
        read_picture(SHARP[:33] + text + SHARP[33:])


@given(st.sampled_from([SHARP, PHOTO]), st.integers(0, 3000), st.binary(min_size=1, max_size=20))
@settings(max_examples=60)
def test_no_damage_to_a_picture_raises_anything_but_a_sentence(content, position, damage):
    position %= len(content)
    damaged = content[:position] + damage + content[position + len(damage) :]
    with suppress(InklingError):
        frame_picture(read_picture(damaged))


def test_a_digit_that_touches_the_edge_is_read():
    image = pictured(placed(SEVEN, 260, 20, 10), 24)

    assert digit(frame_picture(read_picture(encoded(image.crop((56, 9, 234, 276)))))) == 7


@pytest.mark.parametrize("strokes", [*DIGITS, *DRAWINGS.values()])
def test_a_felt_tip_a_quarter_as_thick_as_the_digit_is_high_is_no_blot(strokes):
    points = np.concatenate(strokes)
    low, height = points.min(axis=0), np.ptp(points[:, 1])
    small = [(stroke - low) * 100 / height + 80 for stroke in strokes]

    assert frame_picture(read_picture(encoded(pictured(small, 25)))).any()


@pytest.mark.parametrize("share", [0.3, 0.35])
@pytest.mark.parametrize(("strokes", "number"), [(SEVEN, 7), (DRAWINGS[1], 1), (ONE, 1), (SLANTED_ONE, 1)])
def test_a_seven_and_a_one_of_the_thickest_felt_tip_are_read(strokes, number, share):
    points = np.concatenate(strokes)
    low, height = points.min(axis=0), np.ptp(points[:, 1])
    small = [(stroke - low) * 100 / height + 90 for stroke in strokes]

    assert digit(frame_picture(read_picture(encoded(pictured(small, 100 * share))))) == number


def test_no_handwriting_is_taken_for_a_blot():
    images, labels = handwriting(30, 77)
    for image, number in zip(images, labels, strict=True):
        large = Image.fromarray(255 - image).resize((280, 280), Image.Resampling.LANCZOS)
        assert frame_picture(read_picture(encoded(large))).any(), number


# Pictures without a digit


def blank():
    noise = np.random.default_rng(0)
    for shade in (0, 127, 255):
        yield f"shade {shade}", np.full((200, 300), shade, np.uint8)
        yield f"noisy shade {shade}", (shade + noise.integers(-3, 4, (200, 300))).clip(0, 255).astype(np.uint8)
    yield "16 bits of nothing", np.zeros((200, 300), np.uint16)
    yield "16 noisy bits", (30_000 + noise.integers(-300, 300, (200, 300))).astype(np.uint16)


def dark_along_the_edge():
    for side in (100, 200, 330):
        image = np.full((600, 600), 255, np.uint8)
        image[:, :side] = 0
        yield f"left {side}", image
        yield f"lower {side}", np.rot90(image)
        yield f"light {side}", 255 - image
    slope = np.tile(np.linspace(0, 255, 600), (400, 1)).astype(np.uint8)
    yield "gradient", slope
    yield "gradient downwards", slope.T
    yield "corner", np.where(np.add.outer(np.arange(400), np.arange(600)) < 300, 40, 220).astype(np.uint8)


def filled(shape, *numbers):
    image = Image.new("L", (600, 600), 255)
    getattr(ImageDraw.Draw(image), shape)(numbers, fill=0)
    return np.asarray(image)


def dots():
    for radius in (13, 34):
        yield f"dot {radius}", filled("ellipse", 300 - radius, 300 - radius, 300 + radius, 300 + radius)


def as_thick_as_long():
    for width in (180, 200, 240):
        yield f"bar {width}", filled("rectangle", 300 - width / 2, 50, 300 + width / 2, 550)
        yield f"dash {width}", filled("rectangle", 50, 300 - width / 2, 550, 300 + width / 2)
    yield "ellipse", filled("ellipse", 186, 50, 414, 550)
    yield "lying ellipse", filled("ellipse", 50, 186, 550, 414)
    yield "triangle", filled("polygon", 300, 50, 550, 500, 50, 500)
    for radius in (129, 279):
        yield f"blot {radius}", filled("ellipse", 300 - radius, 300 - radius, 300 + radius, 300 + radius)


def tiny_or_noise():
    for width, height in ((1, 1), (1, 300), (3, 2), (2000, 3)):
        yield f"{width}x{height}", np.full((height, width), 255, np.uint8)
    yield "a page full of noise", np.random.default_rng(0).integers(0, 256, (280, 280), np.uint8)


NO_DIGITS = {
    blank: (NoInk, "in this picture"),
    dark_along_the_edge: (TooMuchInk, "this picture's edge is ink: choose a single digit with paper all around"),
    dots: (TooLittleInk, "Too little ink"),
    as_thick_as_long: (TooMuchInk, "Too much ink for one digit"),
    tiny_or_noise: (InklingError, r"\.$"),
}


@pytest.mark.parametrize(
    ("image", "refusal", "sentence"),
    [pytest.param(image, *refused, id=name) for images, refused in NO_DIGITS.items() for name, image in images()],
)
def test_a_picture_without_a_digit_is_refused_in_plain_words(image, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        frame_picture(read_picture(encoded(Image.fromarray(image))))
