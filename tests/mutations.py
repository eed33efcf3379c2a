"""What a hostile visitor would send: sound files, drawings and addresses, damaged in ways that a seed decides."""

import base64
import copy
import io
import json
import math
import pickle
import struct
import zipfile
import zlib
from contextlib import suppress
from random import Random
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image, ImageDraw

from core.networks.model import FORMAT, Model, _fingerprint, pretrained
from core.networks.network import MAX_PARAMETERS
from core.networks.presets import PRESETS
from core.networks.recipe import BadRecipe, parse_recipe
from core.networks.recipe_link import to_link
from tests.drawings import DIGITS, canvas
from tests.samples import random_weights

NUMBERS: list[Any] = [0, -1, 1, 1.5, 10**9, 2**31, 2**63, 10**400, 1e308, -1e308, math.nan, math.inf, True, None]
TEXTS = [
    "", " ", "x" * 10_000, "../../x", "..\\..\\x", "/etc/passwd", "{epoch}", "<script>alert(1)</script>", "%00", "\0",
    "![x](http://a.example/b.png)", "=cmd()", "\N{GRINNING FACE}" * 70, "\u202etxt.exe", "\ud800",
    "'; DROP TABLE run;--", "$E=mc^2$", ":material/delete:", "\x1b[31m", "__import__('os').system('true')", "Lambda",
    "NaN", "None",
]  # fmt: skip
KEYS = ["objects", "path", "layers", "layer", "version", "name", "surprise", "__class__", "drawing", "raw", "type"]
PAGES = ["", "start", "draw", "train", "model", "evaluate", "runs", "learn"]


def json_value(random: Random, depth: int = 0) -> Any:
    """Any JSON."""
    match random.randrange(6 if depth < 3 else 2):
        case 0:
            return random.choice(NUMBERS)
        case 1:
            return random.choice(TEXTS)
        case 2 | 3:
            return [json_value(random, depth + 1) for _ in range(random.randrange(4))]
        case 4:
            return {random.choice(KEYS): json_value(random, depth + 1) for _ in range(random.randrange(4))}
        case _:
            deep: Any = random.choice(NUMBERS)
            for _ in range(random.choice([5, 50, 200])):
                deep = [deep] if random.random() < 0.5 else {random.choice(KEYS): deep}
            return deep


def changed_json(random: Random, value: Any) -> Any:
    """The value with one to three of its parts replaced, removed, doubled or added to."""
    value = copy.deepcopy(value)
    for _ in range(random.randint(1, 3)):
        owner: Any = None
        place = value
        while isinstance(place, dict | list) and place and (owner is None or random.random() < 0.75):
            owner, key = place, random.choice(list(place) if isinstance(place, dict) else range(len(place)))
            place = place[key]
        if owner is None:
            return json_value(random)
        match random.randrange(5):
            case 0 if isinstance(owner, dict):
                del owner[key]
            case 1 if isinstance(owner, dict):
                owner[random.choice([*KEYS, *TEXTS])] = json_value(random)
            case 2 if isinstance(owner, list):
                owner.extend([copy.deepcopy(place)] * random.choice([1, 10, 300]))
            case 3 if isinstance(place, int | float | str):
                owner[key] = random.choice(NUMBERS if isinstance(place, int | float) else TEXTS)
            case _:
                owner[key] = json_value(random)
    return value


def changed_bytes(random: Random, content: bytes) -> bytes:
    """The content with bits flipped, pieces cut out, doubled, filled or put in."""
    changed = bytearray(content)
    for _ in range(random.choice([1, 1, 1, 3, 20])):
        # The beginning decides most, and is the smallest part.
        place = random.randrange(min(len(changed), random.choice([16, 200, len(changed) or 1])) or 1)
        end = place + random.choice([1, 4, 64, 4096])
        match random.randrange(6):
            case 0 if changed:
                changed[place] ^= 1 << random.randrange(8)
            case 1:
                del changed[place:end]
            case 2:
                del changed[place:]
            case 3:
                changed[place:place] = changed[place:end] * random.choice([1, 50])
            case 4:
                changed[place:end] = random.choice([b"\0", b"\xff", b"[", b'"']) * len(changed[place:end])
            case _:
                changed[place:place] = random.randbytes(end - place)
    return bytes(changed)


# Models


def model(random: Random) -> bytes:
    """A model file that is damaged, forged with a right checksum, enormous within the limits, or something else."""
    content = _SOUND[random.choice(list(_SOUND))]
    length = int.from_bytes(content[:8], "little")
    match random.randrange(8):
        case 0 | 1:
            return changed_bytes(random, content)
        case 2:
            header = changed_json(random, json.loads(content[8 : 8 + length]))
            return _file(header, content[8 + length :])
        case 3 | 4:
            described = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["model"])
            weights = random_weights(PRESETS["script-b"].network) if random.random() < 0.2 else _WEIGHTS
            return forged(json.dumps(changed_json(random, described)), weights)
        case 5:
            weights = dict(_WEIGHTS)
            name = random.choice(list(weights))
            weights[name] = _spoilt(random, weights[name])
            if random.random() < 0.2:
                weights[random.choice(TEXTS)] = np.zeros(3, np.float32)
            return forged(_MODEL._described, weights)
        case 6:
            return _large(random)
        case _:
            return random.choice(_FOREIGN)()


def forged(described: str, weights: dict[str, np.ndarray]) -> bytes:
    """A file of this description and these arrays, whatever they are, with the checksum that belongs to them."""
    with suppress(UnicodeEncodeError):
        fingerprint = _fingerprint(described, {name: array.astype("<f4") for name, array in weights.items()})
        header: dict[str, Any] = {"__metadata__": {"format": FORMAT, "model": described, "sha256": fingerprint}}
        body = bytearray()
        for name in sorted(weights):
            array = weights[name]
            kind = {"float32": "F32", "float64": "F64", "float16": "F16", "uint8": "U8"}[array.dtype.name]
            place = [len(body), len(body) + array.nbytes]
            header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": place}
            body += array.tobytes()
        return _file(header, bytes(body))
    return b""


def _file(header: Any, body: bytes) -> bytes:
    written = json.dumps(header).encode()
    return struct.pack("<Q", len(written)) + written + body


def _spoilt(random: Random, array: np.ndarray) -> np.ndarray:
    match random.randrange(6):
        case 0:
            return np.full_like(array, random.choice([np.nan, np.inf, 3e38, -3e38, 1e-40]))
        case 1:
            array = array.copy()
            array.flat[random.randrange(array.size)] = np.nan
            return array
        case 2:
            return array.astype(random.choice([np.float64, np.float16, np.uint8]))
        case 3:
            return array[..., :-1].copy()
        case 4:
            return array.reshape(-1)
        case _:
            return -np.abs(array) * 1e6


def _large(random: Random) -> bytes:
    """A network that is as large as it may be, or larger, with random layers."""
    layers: list[dict[str, Any]] = []
    for _ in range(random.randint(1, 6)):
        filters, size = random.choice([1, 8, 64, 512]), random.choice([1, 3, 7, 14, 28])
        padding = random.choice(["same", "valid"])
        layers.append({"layer": "Conv2D", "filters": filters, "kernel_size": size, "padding": padding})
        if random.random() < 0.5:
            layers.append({"layer": random.choice(["MaxPooling2D", "BatchNormalization", "ReLU"])})
    layers.append({"layer": random.choice(["Flatten", "GlobalAveragePooling2D"])})
    if random.random() < 0.5:
        layers.append({"layer": "Dense", "units": random.choice([10, 100, 4096])})
    layers.append({"layer": "Dense", "units": 10, "activation": "softmax"})
    recipe = json.loads(PRESETS["fast"].to_json()) | {"batch_size": 1, "network": {"layers": layers}}
    described = json.dumps({**json.loads(_MODEL._described), "recipe": recipe})
    try:
        network = parse_recipe(recipe).network
        return forged(
            described, {name: np.zeros(spec.shape, np.float32) for name, spec in network.weight_specs().items()}
        )
    except BadRecipe:
        return forged(described, {"conv2d_1/kernel": np.zeros(random.choice([3, MAX_PARAMETERS]), np.float32)})


def _zip_bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../outside.txt", bytes(5_000_000))
    return content.getvalue()


class _Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("outside.txt", "w")


_MODEL = Model(PRESETS["fast"], random_weights(PRESETS["fast"].network), pretrained().scores, "a summary")
_WEIGHTS = dict(_MODEL.weights)
_SOUND = {"fast": _MODEL.to_bytes(), "shipped": pretrained().to_bytes()}
_FOREIGN = [
    lambda: pickle.dumps(_Runs()),
    lambda: b"\x89HDF\r\n\x1a\n" + bytes(5_000),
    lambda: b"\x08\x01\x12\x00saved_model.pb" * 50,
    _zip_bomb,
    lambda: b"",
    lambda: struct.pack("<Q", 2**63) + b"{}",
    lambda: struct.pack("<Q", 150_000) + b"[" * 150_000,
    lambda: _file({"__metadata__": {}, **{f"x{number}": [] for number in range(10_000)}}, b""),
    lambda: struct.pack("<Q", 150_000) + (b'{"a":' * 30_000)[:150_000],
    lambda: bytes(21_000_000),
]


# Recipes and links


def recipe(random: Random) -> bytes:
    """A recipe file."""
    sound = json.loads(PRESETS[random.choice(list(PRESETS))].to_json())
    match random.randrange(6):
        case 0:
            return changed_bytes(random, json.dumps(sound).encode())
        case 1:
            return random.choice([b"[", b'{"a":', b'"\\', b'{"name": "', b"-", b"9"]) * random.choice(
                [10, 2_000, 90_000]
            )
        case 2:
            return json.dumps(sound | {random.choice([*KEYS, *TEXTS]): json_value(random)}).encode()
        case _:
            return json.dumps(changed_json(random, sound)).encode()


def link(random: Random) -> str:
    """A recipe as a piece of a link."""
    match random.randrange(5):
        case 0:
            return changed_bytes(random, to_link(PRESETS[random.choice(list(PRESETS))]).encode()).decode("latin-1")
        case 1:
            return random.choice(TEXTS)
        case 2:
            bomb = zlib.compress(random.choice([b" ", b"[", b'{"a":']) * 10_000_000, 9)
            return base64.urlsafe_b64encode(bomb).decode().rstrip("=")
        case _:
            return base64.urlsafe_b64encode(zlib.compress(recipe(random))).decode().rstrip("=")


# Pictures


def picture(random: Random) -> bytes:
    """A PNG or JPEG, sound or not, of any mode, some as large as they may be, or something else."""
    match random.randrange(10):
        case 0:
            return random.choice(
                [b"<svg/>", b"%PDF-1.7", b"MZ" + bytes(500), b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
            )
        case 1:
            return bomb(random.choice([5_000, 13_000, 2**31 - 1]), random.choice([1, 3_000, 13_000]))
        case 2 if random.random() < 0.15:
            side = random.choice([3_900, 4_000, 5_100])
            mode = random.choice(["L", "RGB", "RGBA", "P", "LA", "1", "I;16", "CMYK"])
            return encoded(random, Image.new(mode, (side, side), 1))
        case 3:
            return progressive(random.choice([5, 200, 3_000]))
        case 4 | 5 | 6:
            return changed_bytes(random, encoded(random, _drawn(random)))
        case _:
            return encoded(random, _drawn(random))


def _drawn(random: Random) -> Image.Image:
    size = random.choice([(28, 28), (280, 280), (300, 900), (1, 1), (1, 2_000), (1_200, 1_100)])
    kind = random.randrange(4)
    if kind == 0:  # noise
        pixels = np.random.default_rng(random.getrandbits(32)).integers(0, 256, size[::-1], np.uint8)
        return Image.fromarray(pixels if random.random() < 0.5 else np.where(pixels > 128, 255, 0).astype(np.uint8))
    if kind == 1:  # a pattern
        return Image.fromarray(
            ((np.indices(size[::-1]).sum(axis=0) // random.choice([1, 2, 7])) % 2 * 255).astype(np.uint8)
        )
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    points = [(random.uniform(0, size[0]), random.uniform(0, size[1])) for _ in range(random.choice([2, 5, 300]))]
    pen.line(points, 0, random.choice([1, 18, 90]))
    modes = ["L", "RGB", "RGBA", "P", "LA", "1", "CMYK"]
    return (
        image.convert(random.choice(modes)) if kind == 2 else Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    )


def encoded(random: Random, image: Image.Image) -> bytes:
    """As PNG, or as JPEG where that can hold it."""
    content = io.BytesIO()
    if image.mode == "CMYK" or (image.mode in ("L", "RGB") and random.random() < 0.5):
        exif = Image.Exif()
        exif[0x0112] = random.randrange(12)
        image.save(content, "JPEG", progressive=random.random() < 0.5, exif=exif)
    else:
        image.save(content, "PNG", compress_level=1)
    return content.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """A piece of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of few bytes and many pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(2_000_000), 9)) + chunk(b"IEND", b"")


def progressive(scans: int) -> bytes:
    """A progressive JPEG of some million pixels that refines the same coefficients again and again."""
    content = io.BytesIO()
    Image.new("L", (3_000, 3_000), 255).save(content, "JPEG", progressive=True)
    sound = content.getvalue()
    last = sound.rindex(b"\xff\xda")
    return sound[:last] + sound[last:-2] * scans + sound[-2:]


# Drawings


def drawing(random: Random) -> str:
    """What the canvas component sends, as the JSON that it is sent as."""
    sound = canvas(random.choice(DIGITS))
    match random.randrange(7):
        case 0:
            raw = json_value(random)
        case 1:
            line = random.choice([["M", 0, 0], ["L", 1, 1], ["Q", 1, 2, 3, 4], ["Z"]])
            paths = [["M", 0, 0]] + [line] * random.choice([100, 19_000, 100_000])
            raw = {"objects": [{"type": "Path", "path": paths}] * random.choice([1, 1, 20])}
        case 2:
            raw = {"objects": sound["objects"] * random.choice([100, 2_000])}
        case _:
            raw = changed_json(random, sound)
    held = random.choice([raw, {"raw": raw, "data": None}, {"raw": raw, "data": None}, {"raw": raw, "data": None}])
    sent = json.dumps({"drawing": held, "backgroundFit": None if random.random() < 0.9 else json_value(random)})
    if random.random() < 0.1:
        sent = changed_bytes(random, sent.encode()).decode("latin-1")
    return sent[:3_500_000]


# Addresses and names


def address(random: Random, run_id: str) -> tuple[str, str]:
    """A page and a query string that somebody may have typed, sent or damaged; `run_id` is that of a run."""
    names = ["run", "runs", "recipe", "chapter", "term", "workspace", "preset", "surprise", random.choice(TEXTS)]
    values = [
        run_id,
        changed_bytes(random, run_id.encode()).decode("latin-1"),
        ",".join([run_id] * random.choice([2, 300])),
        link(random)[:15_000],
        random.choice(["convolution", "glossary", "softmax", "data", "no_such_chapter"]),
        "A" * random.choice([43, 42, 15_000]),
        *random.sample(TEXTS, 3),
    ]
    parts = [
        f"{quote(random.choice(names), errors='replace')}={quote(random.choice(values), errors='replace')}"
        for _ in range(random.randint(1, 3))
    ]
    query = "&".join(parts)
    if random.random() < 0.15:
        query = changed_bytes(random, query.encode()).decode("latin-1")
    return random.choice(PAGES), query[:20_000]


def name(random: Random) -> str:
    """What somebody may call a run."""
    return (
        random.choice(TEXTS) + random.choice(TEXTS) if random.random() < 0.8 else random.randbytes(40).decode("latin-1")
    )
