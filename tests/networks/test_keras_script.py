import ast
import io
import math
import re
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.digits.augmentation import Augmentation, augmented
from core.digits.dataset import load_dataset
from core.networks.keras_script import (
    augmentation_code,
    file_stem,
    keras_archive,
    keras_code,
    keras_lines,
    keras_script,
    needs_digits,
)
from core.networks.layers import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
    Softmax,
)
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import Data

SCRIPT_A = """\
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(32, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, activation="relu"),
    layers.Flatten(),
    layers.Dense(64, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
"""


def test_script_a_as_code_reads_as_its_text_wrote_it():
    assert keras_code(PRESETS["script-a"].network) == SCRIPT_A


def test_only_arguments_that_differ_from_keras_defaults_are_written():
    network = Network(
        layers=(
            Conv2D(filters=4, kernel_size=5, strides=2, padding="same", use_bias=False),
            BatchNormalization(momentum=0.9, epsilon=1e-5),
            AveragePooling2D(pool_size=3),
            MaxPooling2D(pool_size=1),
            Dropout(rate=0.25),
            Flatten(),
            Dense(units=10),
            Softmax(),
        )
    )
    assert [line.text.strip() for line in keras_lines(network) if line.layer] == [
        'layers.Conv2D(4, 5, strides=2, padding="same", use_bias=False),',
        "layers.BatchNormalization(momentum=0.9, epsilon=1e-05),",
        "layers.AveragePooling2D(3),",
        "layers.MaxPooling2D(pool_size=1),",
        "layers.Dropout(0.25),",
        "layers.Flatten(),",
        "layers.Dense(10),",
        "layers.Softmax(),",
    ]


@pytest.mark.parametrize("preset", PRESETS)
def test_each_layer_has_one_line_of_code_in_the_order_of_the_layers(preset):
    network = PRESETS[preset].network
    lines = [line for line in keras_lines(network) if line.layer]
    assert [line.layer for line in lines] == [name for name, _ in network.named_layers()]
    assert all(layer.layer in line.text for (_, layer), line in zip(network.named_layers(), lines, strict=True))


@pytest.mark.parametrize(
    ("label", "stem"),
    [
        ("Fast", "inkling-fast"),
        ("Script A, improved", "inkling-script-a-improved"),
        ("../../etc/passwd", "inkling-etc-passwd"),
        ("{epoch:02d}%s\\x\r\n", "inkling-epoch-02d-s-x"),
        ("\N{GRINNING FACE}", "inkling"),
        ("con.", "inkling-con"),
    ],
)
def test_a_label_becomes_a_file_name_that_any_system_takes(label, stem):
    assert file_stem(label) == stem
    assert re.fullmatch("[a-z0-9-]+", stem)


FULL = Augmentation(rotation=20.0, shift=0.2, zoom=0.2, shear=10.0, elastic=2.0, thickness=0.5)


@settings(max_examples=30)
@given(st.sets(st.sampled_from(sorted(Augmentation.model_fields)), min_size=1), st.integers(0, 99))
def test_the_code_of_an_augmentation_changes_images_as_inkling_does(switched_on, seed):
    augmentation = Augmentation(**{name: getattr(FULL, name) for name in switched_on})
    images = np.random.default_rng(1).random((3, 28, 28), np.float32)
    names = {"np": np, "math": math}
    exec("\n".join(augmentation_code(augmentation)), names)
    changed = names["augmented"](images, [seed, 2])
    assert changed.dtype == np.float32
    np.testing.assert_allclose(changed, augmented(images, augmentation, [seed, 2]), atol=1e-4)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("source", ["mnist", "handwriting"])
def test_the_script_of_every_preset_is_python_with_nothing_unused_and_no_long_lines(preset, source):
    script = keras_script(PRESETS[preset], source)
    nodes = list(ast.walk(ast.parse(script)))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"math", "os", "keras", "numpy", "tensorflow"}  # what comes with TensorFlow
    assert max(map(len, script.splitlines())) <= 120
    for module in re.findall(r"^import (?:\w+ as )?(\w+)$", script, re.MULTILINE):
        assert script.count(f"{module}.") > 0, module
    recipe = PRESETS[preset]
    assert ("def augmented" in script) is recipe.augmentation.is_on
    assert ("callbacks" in script) is bool(recipe.early_stopping or recipe.checkpoint)
    assert ("penalty" in script) is bool(recipe.l1 or recipe.l2)
    assert ("digits.npz" in script) is needs_digits(recipe, source)
    assert ("datasets.mnist" in script) is (source == "mnist")


@given(st.text(min_size=1, max_size=60), st.integers(0, 2**31 - 1))
def test_no_name_of_a_recipe_makes_its_script_anything_else(name, seed):
    script = keras_script(PRESETS["script-a"].model_copy(update={"name": name, "seed": seed}))
    compile(script, "script", "exec")
    plain = keras_script(PRESETS["script-a"].model_copy(update={"seed": seed}))
    assert script.split("\n")[1:] == plain.split("\n")[1:]
    script.encode("utf-8")


def opened(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        names = files.namelist()
        with np.load(io.BytesIO(files.read(next(name for name in names if name.endswith(".npz"))))) as arrays:
            return names, {name: arrays[name] for name in arrays}


def test_an_archive_holds_the_digits_of_a_run_on_built_in_handwriting_in_their_order():
    data = Data(source="handwriting", size="quick", handwriting=500)
    names, arrays = opened(keras_archive(PRESETS["fast"].model_copy(update={"data": data}), stem="inkling-mine"))
    assert names == ["inkling-mine/inkling-mine.py", "inkling-mine/digits.npz"]
    digits = load_dataset(**dict(data))
    for kind, part in (("train", digits.training), ("val", digits.validation), ("test", digits.test)):
        np.testing.assert_array_equal(arrays[f"x_{kind}"], part.images)
        np.testing.assert_array_equal(arrays[f"y_{kind}"], part.labels)


def test_beside_mnist_an_archive_holds_only_what_is_mixed_into_it():
    mixed = PRESETS["fast"].model_copy(update={"data": Data(handwriting=300)})
    _, arrays = opened(keras_archive(mixed))
    assert {name: len(array) for name, array in arrays.items()} == {"x_train": 300, "y_train": 300}


def test_what_was_to_learn_from_mnist_and_could_not_is_exported_with_what_it_learned_from():
    assert not needs_digits(PRESETS["fast"])
    assert needs_digits(PRESETS["fast"], "handwriting")
    assert needs_digits(PRESETS["accurate"])
    assert 'np.load("digits.npz")' in keras_script(PRESETS["fast"], "handwriting")
