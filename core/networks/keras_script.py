"""A network or a whole recipe for use outside Inkling: as Keras code, and under what name its files are saved.

A recipe becomes a script such as a teacher would write: Keras' layers, augmentation layers and callbacks, 40 to 80
lines. It trains the same network in the same way, but draws its own first weights, batches and changes, so that it
ends near the run, not at the same digits.
"""

from __future__ import annotations

import io
import json
import math
import re
import threading
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.digits.augmentation import Augmentation
from core.digits.dataset import QUICK_IMAGES, VALIDATION_IMAGES, made_digits
from core.networks.layers import Conv2D, Dense, Layer
from core.networks.network import CLASSES, IMAGE_SHAPE, Network
from core.networks.recipe import BestCheckpoint, Cosine, OneCycle, Recipe, ReduceLROnPlateau

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
    return [CodeLine("import keras"), CodeLine("from keras import layers"), CodeLine(""), *_model_lines(network)]


def _model_lines(network: Network, changes: Sequence[str] = (), penalty: str = "") -> list[CodeLine]:
    """The model; `changes` to its images stand before its layers, a `penalty` is an argument of those with kernels."""
    return [
        CodeLine("model = keras.Sequential(["),
        CodeLine(f"    keras.Input({IMAGE_SHAPE}),"),
        *map(CodeLine, changes),
        *(CodeLine(f"    {_layer_call(layer, penalty)},", name) for name, layer in network.named_layers()),
        CodeLine("])"),
    ]


def file_stem(name: str) -> str:
    """A label as the name of a file on any system: "Script A, improved" gives inkling-script-a-improved."""
    return "-".join(["inkling", *re.findall("[a-z0-9]+", name.lower())])


def keras_script(recipe: Recipe) -> str:
    """The recipe as a Keras script that trains, evaluates and summarises its network; it needs TensorFlow alone.

    What Keras has no layer for (bent and thickened lines, built-in handwriting among MNIST's digits) is left out, and
    the first lines say so. Digits that are built-in handwriting it reads from `keras_archive`.
    """
    sections = [
        _heading(recipe),
        _imports(recipe),
        [
            f"EPOCHS = {recipe.epochs}",
            f"BATCH_SIZE = {recipe.batch_size}",
            f"keras.utils.set_random_seed({recipe.seed})",
        ],
        _built_in_digits(recipe) if recipe.data.source == "handwriting" else _mnist(recipe),
        _penalty(recipe),
        _network(recipe),
        _schedule(recipe),
        _compilation(recipe),
        _fitting(recipe),
        _EVALUATION,
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def keras_archive(recipe: Recipe, stem: str) -> bytes:
    """A zip of the recipe's script and the built-in digits that it reads, in a folder.

    Digits that are not on this machine yet are made first, about 2,000 a second.

    Args:
        recipe: what to train and how, with built-in handwriting as its source.
        stem: name of folder and script.
    """
    content = io.BytesIO()
    with _one_at_a_time, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{stem}/{stem}.py", keras_script(recipe))
        arrays = made_digits(recipe.data.size, recipe.data.validation, recipe.data.handwriting)
        with archive.open(zipfile.ZipInfo(f"{stem}/{DIGITS_FILE}"), "w", force_zip64=True) as file:  # compressed itself
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


_one_at_a_time = threading.Lock()  # 70,000 digits take 120 MB for a few seconds, and a class may want them at once

# Where we have a default and Keras has none.
_WITHOUT_DEFAULT = frozenset({("Conv2D", "kernel_size"), ("AveragePooling2D", "pool_size")})


def _layer_call(layer: Layer, penalty: str) -> str:
    """The layer as Keras code."""
    arguments = []
    for name, field in type(layer).model_fields.items():
        value = getattr(layer, name)
        if field.is_required() or (layer.layer, name) in _WITHOUT_DEFAULT:
            arguments.append(_literal(value))
        elif name != "layer" and value != field.default:
            arguments.append(f"{name}={_literal(value)}")
    if penalty and isinstance(layer, Conv2D | Dense):
        arguments.append(f"kernel_regularizer={penalty}")
    return f"layers.{layer.layer}({', '.join(arguments)})"


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _heading(recipe: Recipe) -> list[str]:
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in recipe.name).split())
    lines = [f"# {name}: a recipe of Inkling's in plain Keras. It needs TensorFlow alone: pip install tensorflow"]
    is_mnist = recipe.data.source == "mnist"
    if not is_mnist:
        lines.append(f"# Run it in its folder, where {DIGITS_FILE} is: digits that Inkling has drawn.")
    without = {
        "bending images": recipe.augmentation.elastic,
        "thicker and thinner lines": recipe.augmentation.thickness,
        "mixing in built-in handwriting": recipe.data.handwriting and is_mnist,
    }
    if left_out := [what for what, is_wanted in without.items() if is_wanted]:
        lines.append(f"# Left out, because Keras has nothing for it: {', '.join(left_out)}.")
    return lines


def _imports(recipe: Recipe) -> list[str]:
    reads_digits = recipe.data.source == "handwriting"
    modules = ["import keras", *["import numpy as np"] * reads_digits, "from keras import layers"]
    return ["import math", "", *modules] if _counts_steps(recipe) else modules


def _counts_steps(recipe: Recipe) -> bool:
    return isinstance(recipe.schedule, OneCycle | Cosine)


def _built_in_digits(recipe: Recipe) -> list[str]:
    parts = ["train", "val", "test"] if recipe.data.validation == "split" else ["train", "test"]
    return [
        "# Digits that Inkling has drawn, in 28x28 pixels from 0 to 255, and which digit each of them is",
        f'with np.load("{DIGITS_FILE}") as digits:',
        *(f'    x_{part}, y_{part} = digits["x_{part}"], digits["y_{part}"]' for part in parts),
        *_preparation(parts),
    ]


def _mnist(recipe: Recipe) -> list[str]:
    code = [
        "# MNIST: 60,000 digits to learn from and 10,000 to test with, in 28x28 pixels from 0 to 255",
        "(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()",
    ]
    if recipe.data.size == "quick":
        code.append(f"x_train, y_train = x_train[:{QUICK_IMAGES}], y_train[:{QUICK_IMAGES}]")
    code += _preparation(("train", "test"))
    if recipe.data.validation == "split":
        held_out = min(VALIDATION_IMAGES, QUICK_IMAGES // 5) if recipe.data.size == "quick" else VALIDATION_IMAGES
        code += [
            f"# {held_out:,} of the training images are held out, to watch the training on",
            f"x_train, x_val = x_train[:-{held_out}], x_train[-{held_out}:]",
            f"y_train, y_val = y_train[:-{held_out}], y_train[-{held_out}:]",
        ]
    return code


def _preparation(parts: Sequence[str]) -> list[str]:
    return [
        "# Pixels from 0 to 1 with an axis for the channel; labels one-hot",
        *(f'x_{part} = x_{part}.reshape(-1, 28, 28, 1).astype("float32") / 255' for part in parts),
        *(f"y_{part} = keras.utils.to_categorical(y_{part}, {CLASSES})" for part in parts),
    ]


def _penalty(recipe: Recipe) -> list[str]:
    prices = [f"{name}={value!r}" for name, value in (("l1", recipe.l1), ("l2", recipe.l2)) if value]
    if not prices:
        return []
    return [
        "# A price for large weights, which is added to the loss",
        f"penalty = keras.regularizers.L1L2({', '.join(prices)})",
    ]


def _network(recipe: Recipe) -> list[str]:
    changes = _augmentation_calls(recipe.augmentation)
    if changes:
        changes = ["    # At random while it trains, not when it answers", *(f"    {call}," for call in changes)]
    penalty = "penalty" if recipe.l1 or recipe.l2 else ""
    return [line.text for line in _model_lines(recipe.network, changes, penalty)]


def _augmentation_calls(augmentation: Augmentation) -> list[str]:
    """Keras' layers for those changes that it has a layer for; paper comes in at the edges."""
    slant = round(math.tan(math.radians(augmentation.shear)), 4)
    calls = {
        "zoom": f"RandomZoom({augmentation.zoom!r}, {augmentation.zoom!r}",  # each axis by itself
        "shear": f"RandomShear({slant!r}",
        "rotation": f"RandomRotation({augmentation.rotation:g} / 360",
        "shift": f"RandomTranslation({augmentation.shift!r}, {augmentation.shift!r}",
    }
    return [f'layers.{call}, fill_mode="constant")' for change, call in calls.items() if getattr(augmentation, change)]


def _schedule(recipe: Recipe) -> list[str]:
    """The code that defines the learning rate; none where it is a number."""
    if not _counts_steps(recipe):
        return []
    peak = recipe.optimizer.learning_rate
    steps = "steps = EPOCHS * math.ceil(len(x_train) / BATCH_SIZE)"
    if isinstance(recipe.schedule, OneCycle):
        return [
            "# One cycle: the learning rate climbs to its peak, then sinks along a cosine to nearly nothing",
            steps,
            f"warmup_steps = max(1, round({recipe.schedule.warmup!r} * steps))",
            "learning_rate = keras.optimizers.schedules.CosineDecay(",
            f"    {peak!r} / 25, warmup_target={peak!r}, warmup_steps=warmup_steps,",
            "    decay_steps=max(1, steps - warmup_steps), alpha=0.001,",
            ")",
        ]
    return [
        "# The learning rate sinks along a cosine to nearly nothing",
        steps,
        f"learning_rate = keras.optimizers.schedules.CosineDecay({peak!r}, decay_steps=steps, alpha=0.001)",
    ]


def _compilation(recipe: Recipe) -> list[str]:
    rate = "learning_rate" if _counts_steps(recipe) else repr(recipe.optimizer.learning_rate)
    settings = [f"learning_rate={rate}"]
    for name, field in type(recipe.optimizer).model_fields.items():
        value = getattr(recipe.optimizer, name)
        if name not in ("kind", "learning_rate") and value != field.default:  # our defaults are Keras'
            settings.append(f"{name}={value!r}")
    loss = '"categorical_crossentropy"'
    if recipe.label_smoothing:
        loss = f"keras.losses.CategoricalCrossentropy(label_smoothing={recipe.label_smoothing!r})"
    return [
        "model.compile(",
        f"    optimizer=keras.optimizers.{recipe.optimizer.kind}({', '.join(settings)}),",
        f"    loss={loss},",
        '    metrics=["accuracy"],',
        ")",
    ]


def _fitting(recipe: Recipe) -> list[str]:
    code, arguments = [], []
    if recipe.data.validation != "none":
        part = "val" if recipe.data.validation == "split" else "test"
        arguments.append(f"validation_data=(x_{part}, y_{part})")
    if callbacks := _callbacks(recipe):
        code += ["callbacks = [", *(f"    keras.callbacks.{callback}," for callback in callbacks), "]"]
        arguments.append("callbacks=callbacks")
    code += ["model.fit(", "    x_train, y_train, batch_size=BATCH_SIZE, epochs=EPOCHS,"]
    code += [*([f"    {', '.join(arguments)},"] if arguments else []), ")"]
    if isinstance(recipe.checkpoint, BestCheckpoint):
        code.append('model.load_weights("best.weights.h5")  # those of the best epoch')
    return code


def _callbacks(recipe: Recipe) -> list[str]:
    callbacks = []
    if stopping := recipe.early_stopping:
        restores = stopping.restore_best and not isinstance(recipe.checkpoint, BestCheckpoint)
        restore = ", restore_best_weights=True" if restores else ""
        callbacks.append(f'EarlyStopping("{stopping.monitor}", patience={stopping.patience}{restore})')
    if isinstance(schedule := recipe.schedule, ReduceLROnPlateau):
        callbacks.append(
            f'ReduceLROnPlateau("{schedule.monitor}", factor={schedule.factor!r}, '
            f"patience={schedule.patience}, min_lr={schedule.min_learning_rate!r})"
        )
    if isinstance(recipe.checkpoint, BestCheckpoint):
        monitor = recipe.checkpoint.monitor
        callbacks.append(
            f'ModelCheckpoint("best.weights.h5", "{monitor}", save_best_only=True, save_weights_only=True)'
        )
    elif recipe.checkpoint:  # every epoch's, as the app does
        callbacks.append('ModelCheckpoint("epoch-{epoch:03d}.weights.h5", save_weights_only=True)')
    return callbacks


_EVALUATION = [
    "# How many digits does it read that it has never seen?",
    "loss, accuracy = model.evaluate(x_test, y_test, verbose=0)",
    'print(f"Test accuracy: {accuracy:.3f}")',
    "model.summary()",
]
