"""A network or a whole recipe for use outside Inkling: as Keras code, and under what name its files are saved.

A recipe becomes a script that trains it again in plain Keras, with no more code in it than that recipe needs. Where it
learns from digits that Inkling makes itself, those come in an archive with the script.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from core.digits.augmentation import Augmentation
from core.digits.dataset import (
    QUICK_IMAGES,
    SPLIT_SEED,
    TRAINING_IMAGES,
    VALIDATION_IMAGES,
    Source,
    made_digits,
)
from core.networks.layers import Layer
from core.networks.network import IMAGE_SHAPE, Network
from core.networks.presets import SCRIPT_B
from core.networks.recipe import BestCheckpoint, Constant, OneCycle, PeriodicCheckpoint, Recipe, ReduceLROnPlateau

DIGITS_FILE = "digits.npz"


class CodeLine(NamedTuple):
    """One line of code, and the name of the layer that it makes; "" where it makes none."""

    text: str
    layer: str = ""


def keras_code(network: Network) -> str:
    """The network as Keras code that defines `model`, untrained."""
    return "".join(f"{line.text}\n" for line in keras_lines(network))


def keras_lines(network: Network) -> list[CodeLine]:
    """The same line by line: one layer a line, and only those arguments that are not Keras' defaults."""
    return [
        CodeLine("import keras"),
        CodeLine("from keras import layers"),
        CodeLine(""),
        CodeLine("model = keras.Sequential(["),
        CodeLine(f"    keras.Input({IMAGE_SHAPE}),"),
        *(CodeLine(f"    {_call(layer)},", name) for name, layer in network.named_layers()),
        CodeLine("])"),
    ]


def file_stem(name: str) -> str:
    """A label as the name of a file on any system: "Script A, improved" gives inkling-script-a-improved."""
    return "-".join(["inkling", *re.findall("[a-z0-9]+", name.lower())])


def needs_digits(recipe: Recipe, source: Source | None = None) -> bool:
    """Whether the recipe's script reads digits that Inkling made, so that `keras_archive` is what to hand out.

    Args:
        recipe: what was trained.
        source: where its images came from, if not from where the recipe wanted them: `Scores.data_source`.
    """
    return (source or recipe.data.source) == "handwriting" or bool(recipe.data.handwriting)


def keras_script(recipe: Recipe, source: Source | None = None) -> str:
    """The recipe as a Keras script that trains, evaluates and summarises its network; it needs TensorFlow alone.

    Classic scripts stay what they are: where a recipe has no validation split and changes no image, the script trains
    as their authors would, with Keras' own order and first weights. Any other draws what the run drew: the same split,
    first weights, batches, changes and dropout, so that it ends where the run ended.

    Args:
        recipe: what to train and how.
        source: as in `needs_digits`.
    """
    source = source or recipe.data.source
    sections = [
        _heading(recipe, source),
        _imports(recipe, source),
        _numbers(recipe),
        "" if _is_classic(recipe) or source == "handwriting" else _STRATIFIED_CODE,
        *augmentation_code(recipe.augmentation),
        _data(recipe, source),
        _network(recipe),
        "" if _is_classic(recipe) else _FIRST_WEIGHTS_CODE,
        _steps(recipe),
        "" if _is_classic(recipe) else _batches(recipe),
        _compilation(recipe),
        _fitting(recipe),
        _ending(recipe),
    ]
    return _laid_out(sections)


def keras_archive(recipe: Recipe, source: Source | None = None, stem: str = "") -> bytes:
    """A zip of the recipe's script and the digits that it reads, in a folder.

    Digits that are not on this machine yet are made first, about 2,000 in a second.

    Args:
        recipe: what to train and how.
        source: as in `needs_digits`.
        stem: name of folder and script; by default from the recipe's name.
    """
    source = source or recipe.data.source
    stem = stem or file_stem(recipe.name)
    content = io.BytesIO()
    with _one_at_a_time, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{stem}/{stem}.py", keras_script(recipe, source))
        arrays = made_digits(**dict(recipe.data.model_copy(update={"source": source})))
        with archive.open(zipfile.ZipInfo(f"{stem}/{DIGITS_FILE}"), "w", force_zip64=True) as file:  # compressed itself
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


_one_at_a_time = threading.Lock()  # 70,000 digits take 120 MB for a few seconds, and a class may want them at once


def augmentation_code(augmentation: Augmentation) -> list[str]:
    """NumPy code of a function `augmented(images, seed)` that changes images as `augmentation.augmented` does.

    It imports nothing: `math` and `np` must be there.

    Returns:
        The function, before it what it needs; nothing where nothing is switched on.
    """
    if not augmentation.is_on:
        return []
    words = {
        "rotation": "turned by up to {:g} degrees",
        "shift": "moved by up to {:.0%} of its side",
        "zoom": "shrunk or enlarged by up to {:.0%}",
        "shear": "slanted by up to {:g} degrees",
        "elastic": "bent by up to {:g} pixels",
        "thickness": "its lines thicker or thinner by up to {:g} pixels",
    }
    changes = ",\n    ".join(words[name].format(value) for name, value in augmentation if value)
    ranges = augmentation
    code = [
        "def augmented(images, seed):",
        f'    """Change each image by a draw of its own:\n    {changes}.\n    """',
        "    # 39 numbers from -1 to 1 for each image, as in Inkling, whichever of them are used",
        "    draws = np.random.default_rng(seed).random((len(images), 39), np.float32) * 2 - 1",
        "    draw = draws.T[..., np.newaxis, np.newaxis]",
    ]
    if ranges.model_copy(update={"thickness": 0.0}).is_on:
        code.append("    # For each pixel of the new image: its place in the old one, seen from the centre")
        code.append("    y, x = np.mgrid[-13.5:14, -13.5:14].astype(np.float32)")
        if ranges.zoom:
            code.append(f"    x, y = x * (1 + draw[2] * {ranges.zoom!r}), y * (1 + draw[3] * {ranges.zoom!r})")
        if ranges.shear:
            code.append(f"    x = x + y * np.tan(draw[1] * math.radians({ranges.shear!r}))")
        if ranges.rotation:
            code.append(f"    turn = draw[0] * math.radians({ranges.rotation!r})")
            code.append("    x, y = np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y")
        if ranges.shift:
            code.append(f"    x, y = x + draw[4] * {ranges.shift!r} * 28, y + draw[5] * {ranges.shift!r} * 28")
        if ranges.elastic:
            code.append(f"    points = draws[:, 7:].reshape(-1, 2, 4, 4) * {ranges.elastic!r}")
            code.append("    bent = BENDING @ points @ BENDING.T")
            code.append("    x, y = x + bent[:, 0], y + bent[:, 1]")
        code.append(_RESAMPLING_CODE)
    if ranges.thickness:
        code.append(f"    pixels = draw[6] * {ranges.thickness!r}")
        code.append(_THICKENING_CODE)
    code.append("    return images")
    return [*([_BENDING_CODE, "BENDING = bending()"] if ranges.elastic else []), "\n".join(code)]


# Where we have a default and Keras has none.
_WITHOUT_DEFAULT = frozenset({("Conv2D", "kernel_size"), ("AveragePooling2D", "pool_size")})


def _call(layer: Layer, more: Sequence[str] = ()) -> str:
    arguments = []
    for name, field in type(layer).model_fields.items():
        value = getattr(layer, name)
        if field.is_required() or (layer.layer, name) in _WITHOUT_DEFAULT:
            arguments.append(_literal(value))
        elif name != "layer" and value != field.default:
            arguments.append(f"{name}={_literal(value)}")
    return f"layers.{layer.layer}({', '.join([*arguments, *more])})"


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _is_classic(recipe: Recipe) -> bool:
    """Whether the script trains with Keras' own order and first weights."""
    data = recipe.data
    return data.validation != "split" and data.size == "full" and not recipe.augmentation.is_on


def _laid_out(sections: Sequence[str]) -> str:
    """Sections below one another, functions with two lines of space around them."""
    script, before = "", ""
    for section in filter(None, sections):
        is_apart = before.startswith("def ") or section.startswith("def ")
        script += ("\n\n\n" if is_apart else "\n\n") * bool(before) + section
        before = section
    return script + "\n"


def _heading(recipe: Recipe, source: Source) -> str:
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in recipe.name).split())
    lines = [f"# {name}: a recipe of Inkling's in plain Keras. It needs TensorFlow alone: pip install tensorflow"]
    if needs_digits(recipe, source):
        lines.append(f"# Run it in its folder, where {DIGITS_FILE} is: digits that Inkling has drawn.")
    return "\n".join(lines)


def _imports(recipe: Recipe, source: Source) -> str:
    modules = [
        *(["import math"] if _has_steps(recipe) or recipe.augmentation.is_on else []),
        *(["import os"] if source == "mnist" else []),
    ]
    return "\n".join(
        [
            *([*modules, ""] if modules else []),
            "import keras",
            "import numpy as np",
            *(["import tensorflow as tf"] if not _is_classic(recipe) else []),
            "from keras import layers",
        ]
    )


def _numbers(recipe: Recipe) -> str:
    numbers = f"EPOCHS = {recipe.epochs}\nBATCH_SIZE = {recipe.batch_size}\nSEED = {recipe.seed}"
    return f"{numbers}\nkeras.utils.set_random_seed(SEED)" if _is_classic(recipe) else numbers


def _data(recipe: Recipe, source: Source) -> str:
    data = recipe.data
    has_split = data.validation == "split"
    if source == "handwriting":
        kinds = ["train", *(["val"] if has_split else []), "test"]
        code = [f"# The digits: to learn from, {'to watch the training on, ' * has_split}to measure with in the end"]
        code.append(f'with np.load("{DIGITS_FILE}") as digits:')
        code += [f'    x_{kind}, y_{kind} = digits["x_{kind}"], digits["y_{kind}"]' for kind in kinds]
        return "\n".join([*code, "", *_preparation(recipe, has_split)])
    code = [_MNIST_CODE, *([] if _is_classic(recipe) else _split(recipe))]
    if needs_digits(recipe, source):
        code += ["", "# More to learn from, drawn by Inkling in many styles"]
        code.append(f'with np.load("{DIGITS_FILE}") as more:')
        for name in ("x_train", "y_train"):
            code.append(f'    {name} = np.concatenate([{name}, more["{name}"]])')
    return "\n".join([*code, "", *_preparation(recipe, has_split)])


def _split(recipe: Recipe) -> list[str]:
    """Which of MNIST's training images are used, in which order, and which of them only watch."""
    wanted = QUICK_IMAGES if recipe.data.size == "quick" else TRAINING_IMAGES
    order = "order = stratified(y_train)" + (f"[:{wanted}]" if wanted < TRAINING_IMAGES else "")
    used = f"# {wanted:,} of the training images are used" if wanted < TRAINING_IMAGES else ""
    if recipe.data.validation != "split":
        return ["", *([used] if used else []), order, "x_train, y_train = x_train[order], y_train[order]"]
    held_out = min(VALIDATION_IMAGES, wanted // 5)
    held = f"{held_out:,} of the training images are held out, to watch the training on"
    return [
        "",
        f"{used}; {held_out:,} of them are held out, to watch the training on" if used else f"# {held}",
        order,
        f"x_val, y_val = x_train[order[:{held_out}]], y_train[order[:{held_out}]]",
        f"x_train, y_train = x_train[order[{held_out}:]], y_train[order[{held_out}:]]",
    ]


def _preparation(recipe: Recipe, has_split: bool) -> list[str]:
    kinds = ["train", *(["val"] if has_split else []), "test"]
    classes = recipe.network.classes
    return [
        "# Pixels from 0 to 1 with an axis for the channel; labels one-hot",
        *(f'x_{kind} = x_{kind}.reshape(-1, 28, 28, 1).astype("float32") / 255' for kind in kinds),
        *(f"y_{kind} = keras.utils.to_categorical(y_{kind}, {classes})" for kind in kinds),
    ]


def _network(recipe: Recipe) -> str:
    is_classic = _is_classic(recipe)
    penalties = [f"{name}={value!r}" for name, value in (("l1", recipe.l1), ("l2", recipe.l2)) if value]
    code = []
    if penalties:
        code += ["# A price for large weights, which is added to the loss"]
        code += [f"penalty = keras.regularizers.L1L2({', '.join(penalties)})", ""]
    code += ["# The network", "model = keras.Sequential([", f"    keras.Input({IMAGE_SHAPE}),"]
    for place, (_, layer) in enumerate(recipe.network.named_layers()):
        more = ["kernel_regularizer=penalty"] if penalties and layer.layer in ("Conv2D", "Dense") else []
        if layer.layer == "Dropout" and not is_classic:
            more = [f"seed={_layer_seed(recipe, place)}"]
        code.append(f"    {_call(layer, more)},")
    return "\n".join([*code, "])"])


def _layer_seed(recipe: Recipe, place: int) -> int:
    return (recipe.seed * 1000 + place) % 2**31


def _has_steps(recipe: Recipe) -> bool:
    """Whether the script counts the steps of an epoch."""
    follows_steps = not isinstance(recipe.schedule, Constant | ReduceLROnPlateau)
    return not _is_classic(recipe) or follows_steps or isinstance(recipe.checkpoint, PeriodicCheckpoint)


def _steps(recipe: Recipe) -> str:
    return "STEPS = math.ceil(len(x_train) / BATCH_SIZE)  # in an epoch" if _has_steps(recipe) else ""


def _batches(recipe: Recipe) -> str:
    images = "x_train[chosen]"
    if recipe.augmentation.is_on:
        images = "augmented(x_train[chosen][..., 0], [SEED, epoch, step])[..., np.newaxis]"
    return _BATCHES_CODE.format(images=images)


def _compilation(recipe: Recipe) -> str:
    schedule = _schedule(recipe)
    rate = "learning_rate" if schedule else repr(recipe.optimizer.learning_rate)
    loss = '"categorical_crossentropy"'
    if recipe.label_smoothing:
        loss = f"keras.losses.CategoricalCrossentropy(label_smoothing={recipe.label_smoothing!r})"
    return "\n".join(
        [
            *schedule,
            "model.compile(",
            f"    optimizer={_optimizer(recipe, rate)},",
            f"    loss={loss},",
            '    metrics=["accuracy"],',
            ")",
        ]
    )


def _fitting(recipe: Recipe) -> str:
    arguments = ["x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS"]
    if not _is_classic(recipe):
        arguments = ["batches(), steps_per_epoch=STEPS, epochs=EPOCHS"]
    if recipe.data.validation != "none":
        watched = "val" if recipe.data.validation == "split" else "test"
        arguments.append(f"validation_data=(x_{watched}, y_{watched})")
    callbacks = _callbacks(recipe)
    code = ["callbacks = [", *(f"    {callback}," for callback in callbacks), "]"] if callbacks else []
    arguments += ["callbacks=callbacks"] if callbacks else []
    if len(call := f"model.fit({', '.join(arguments)})") > 100:
        call = "\n".join(["model.fit(", *(f"    {argument}," for argument in arguments), ")"])
    code.append(call)
    if isinstance(recipe.checkpoint, BestCheckpoint):
        code.append('model.load_weights("best.weights.h5")  # those of the best epoch')
    return "\n".join(code)


def _optimizer(recipe: Recipe, rate: str) -> str:
    optimizer = recipe.optimizer
    arguments = [f"learning_rate={rate}"]
    for name, value in optimizer:
        if name not in ("kind", "learning_rate") and value != _KERAS_DEFAULTS.get((optimizer.kind, name)):
            arguments.append(f"{name}={value!r}")
    return f"keras.optimizers.{optimizer.kind}({', '.join(arguments)})"


_KERAS_DEFAULTS: dict[tuple[str, str], Any] = {
    **{(kind, name): value for kind in ("Adam", "AdamW") for name, value in (("beta_1", 0.9), ("beta_2", 0.999))},
    ("AdamW", "weight_decay"): 0.004,
    ("SGD", "momentum"): 0.0,
    ("RMSprop", "rho"): 0.9,
}


def _schedule(recipe: Recipe) -> list[str]:
    if isinstance(recipe.schedule, Constant | ReduceLROnPlateau):
        return []
    peak = recipe.optimizer.learning_rate
    if isinstance(recipe.schedule, OneCycle):
        return [
            "# One cycle: the learning rate climbs to its peak, then sinks along a cosine to nearly nothing",
            f"WARMUP = max(1, round(EPOCHS * STEPS * {recipe.schedule.warmup!r}))  # steps",
            "learning_rate = keras.optimizers.schedules.CosineDecay(",
            f"    {peak!r} / 25,",
            f"    warmup_target={peak!r},",
            "    warmup_steps=WARMUP,",
            "    decay_steps=max(1, EPOCHS * STEPS - WARMUP),",
            "    alpha=0.001,",
            ")",
            "",
        ]
    return [
        "# The learning rate sinks along a cosine to nearly nothing",
        f"learning_rate = keras.optimizers.schedules.CosineDecay({peak!r}, decay_steps=EPOCHS * STEPS, alpha=0.001)",
        "",
    ]


def _callbacks(recipe: Recipe) -> list[str]:
    callbacks = []
    if stopping := recipe.early_stopping:
        restores = stopping.restore_best and not isinstance(recipe.checkpoint, BestCheckpoint)
        restore = ", restore_best_weights=True" if restores else ""
        callbacks.append(f'keras.callbacks.EarlyStopping("{stopping.monitor}", patience={stopping.patience}{restore})')
    if isinstance(schedule := recipe.schedule, ReduceLROnPlateau):
        callbacks.append(
            f'keras.callbacks.ReduceLROnPlateau("{schedule.monitor}", factor={schedule.factor!r}, '
            f"patience={schedule.patience}, min_lr={schedule.min_learning_rate!r})"
        )
    if isinstance(recipe.checkpoint, BestCheckpoint):
        callbacks.append(
            f'keras.callbacks.ModelCheckpoint("best.weights.h5", monitor="{recipe.checkpoint.monitor}",\n'
            "                                    save_best_only=True, save_weights_only=True)"
        )
    elif recipe.checkpoint:
        callbacks.append(
            'keras.callbacks.ModelCheckpoint("epoch-{epoch:03d}.weights.h5", save_weights_only=True,\n'
            f"                                    save_freq={recipe.checkpoint.epochs} * STEPS)"
        )
    return callbacks


def _ending(recipe: Recipe) -> str:
    code = [
        "# How many digits does it read that it has never seen?",
        "loss, accuracy = model.evaluate(x_test, y_test, verbose=0)",
        'print(f"Test accuracy: {accuracy:.3f}")',
        "model.summary()",
    ]
    if recipe.network == SCRIPT_B.network:
        code += ["", _SHOW_CODE]
    return "\n".join(code)


_MNIST_CODE = """\
# MNIST: 60,000 digits to learn from, 10,000 to measure with. A file mnist.npz in this folder spares the download
if os.path.exists("mnist.npz"):
    with np.load("mnist.npz") as file:
        x_train, y_train, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
else:
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()"""

_STRATIFIED_CODE = f'''\
def stratified(labels):
    """An order of which every beginning holds each digit in its share; the one that Inkling uses."""
    random = np.random.default_rng({SPLIT_SEED})
    shuffled = random.permutation(len(labels))
    place = np.empty(len(labels))
    for digit in range(10):
        own = shuffled[labels[shuffled] == digit]
        place[own] = (np.arange(len(own)) + random.random()) / len(own)
    return np.argsort(place, kind="stable")'''

_BENDING_CODE = '''\
def bending():
    """How far each of a line's 28 pixels follows each of four points on it: cubic B-splines, 0 at both ends."""

    def weight(knots):
        away = np.abs(np.arange(28)[:, np.newaxis] / 5.4 - knots)
        near, far = 2 / 3 - away**2 + away**3 / 2, (2 - np.minimum(away, 2)) ** 3 / 6
        return np.where(away < 1, near, far)

    inner = np.arange(1, 5)
    return (weight(inner) - weight(-inner) - weight(10 - inner)).astype(np.float32)'''

_RESAMPLING_CODE = """\
    # Each new pixel is read from between four old ones; beyond the edges is paper
    page = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    x, y = np.clip(x + 14.5, 0, 29), np.clip(y + 14.5, 0, 29)
    column, row = x.astype(int), y.astype(int)
    x, y = x - column, y - row
    image = np.arange(len(images))[:, np.newaxis, np.newaxis]
    above = (1 - x) * page[image, row, column] + x * page[image, row, column + 1]
    below = (1 - x) * page[image, row + 1, column] + x * page[image, row + 1, column + 1]
    images = ((1 - y) * above + y * below).astype(np.float32)"""

_THICKENING_CODE = """\
    # Thicker where positive: between the image and the darkest of each pixel's neighbours; thinner: the lightest
    sign = np.sign(pixels)
    page = np.pad(images * sign, ((0, 0), (1, 1), (1, 1)))
    upright = np.maximum(np.maximum(page[:, :-2], page[:, 2:]), page[:, 1:-1])
    square = np.maximum(np.maximum(upright[:, :, :-2], upright[:, :, 2:]), upright[:, :, 1:-1])
    lying = np.maximum(page[:, 1:-1, :-2], page[:, 1:-1, 2:])
    cross = np.maximum(upright[:, :, 1:-1], lying)
    new = images + np.abs(pixels) * (sign * (square + cross) / 2 - images)
    # A thin line would fade: it stays as dark as it was
    darkest, left = images.max(axis=(1, 2), keepdims=True), new.max(axis=(1, 2), keepdims=True)
    images = np.minimum(new * np.divide(darkest, left, out=np.ones_like(left), where=left > 0), 1)"""

_FIRST_WEIGHTS_CODE = """\
# The first weights that the run began with: each layer draws them from a seed of its own
for place, layer in enumerate(model.layers):
    if hasattr(layer, "kernel"):
        seed = (SEED * 1000 + place) % 2**31
        layer.kernel.assign(keras.initializers.GlorotUniform(seed)(layer.kernel.shape))"""

_BATCHES_CODE = '''\
def batches():
    """Batch after batch, each epoch in another order: the order that the run drew from its seed."""
    count = len(x_train)
    for epoch in range(EPOCHS):
        order = tf.random.experimental.index_shuffle(tf.range(count), [SEED, epoch], count - 1).numpy()
        for step in range(STEPS):
            chosen = order[step * BATCH_SIZE : (step + 1) * BATCH_SIZE]
            yield {images}, y_train[chosen]'''

_SHOW_CODE = """\
# One test image by chance, printed in characters for greys, and what the network reads in it
image = x_test[np.random.randint(len(x_test))]
for row in image[..., 0]:
    print("".join(" .:-=+*#%@"[int(pixel * 9)] for pixel in row))
probabilities = model.predict(image[np.newaxis], verbose=0)[0]
print(f"Read as {np.argmax(probabilities)}")"""
