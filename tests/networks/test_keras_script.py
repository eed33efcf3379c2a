import ast
import io
import re
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lessons.scripts import SCRIPTS
from core.networks import keras_script as keras_script_module
from core.networks.keras_script import (
    file_stem,
    keras_archive,
    keras_code,
    keras_lines,
    keras_script,
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


def test_each_layer_has_one_line_with_those_arguments_that_differ_from_keras_defaults():
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
    assert {line.layer: line.text.strip() for line in keras_lines(network) if line.layer} == {
        "conv2d_1": 'layers.Conv2D(4, 5, strides=2, padding="same", use_bias=False),',
        "batchnormalization_1": "layers.BatchNormalization(momentum=0.9, epsilon=1e-05),",
        "averagepooling2d_1": "layers.AveragePooling2D(3),",
        "maxpooling2d_1": "layers.MaxPooling2D(pool_size=1),",
        "dropout_1": "layers.Dropout(0.25),",
        "flatten_1": "layers.Flatten(),",
        "dense_1": "layers.Dense(10),",
        "softmax_1": "layers.Softmax(),",
    }


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


def from_source(recipe, source):
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"source": source})})


@pytest.mark.parametrize(("source", "limit"), [("mnist", 80), ("handwriting", 85)])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_presets_script_is_short_python_with_nothing_unused(preset, source, limit):
    script = keras_script(from_source(PRESETS[preset], source))
    nodes = list(ast.walk(ast.parse(script)))
    assert len(script.splitlines()) <= limit
    assert max(map(len, script.splitlines())) <= 120
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"math", "keras", "numpy"}  # what comes with TensorFlow
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    assert {name if name != "numpy" else "np" for name in imported} <= used
    recipe = PRESETS[preset]
    assert ("callbacks" in script) is bool(recipe.early_stopping or recipe.checkpoint)
    assert ("penalty" in script) is bool(recipe.l1 or recipe.l2)
    assert ("digits.npz" in script) is (source == "handwriting")
    assert ("datasets.mnist" in script) is (source == "mnist")


def test_a_script_says_what_it_leaves_out():
    assert "# Left out, because Keras has nothing for it: bending images, mixing in built-in handwriting.\n" in (
        keras_script(PRESETS["accurate"])
    )
    assert "Left out" not in keras_script(PRESETS["balanced"])


def arguments_of(script):
    """The keyword arguments of each method that a script calls, as code, with its constants filled in."""
    tree = ast.parse(script)
    constants = {
        node.targets[0].id: ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    return {
        node.func.attr: {
            argument.arg: constants.get(ast.unparse(argument.value), ast.unparse(argument.value))
            for argument in node.keywords
        }
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


@pytest.mark.parametrize("preset", SCRIPTS)
def test_scripts_a_and_b_train_as_their_texts_do(preset):
    ours, text = arguments_of(keras_script(PRESETS[preset])), arguments_of(SCRIPTS[preset].source)
    assert ours["fit"]["epochs"] == text["fit"]["epochs"]
    assert ours["fit"]["batch_size"] == text["fit"].get("batch_size", "32")
    assert ("validation_data" in ours["fit"]) == ("validation_data" in text["fit"])
    assert ours["compile"]["loss"] == text["compile"]["loss"]
    assert ours["compile"]["optimizer"] in (text["compile"]["optimizer"], "keras.optimizers.Adam(learning_rate=0.001)")
    layers = [line for line in SCRIPTS[preset].source.splitlines() if line.startswith("    layers.")]
    for code in (keras_script(PRESETS[preset]), keras_code(PRESETS[preset].network)):
        assert [line for line in code.splitlines() if line.startswith("    layers.")] == layers


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=60))
def test_no_name_of_a_recipe_changes_more_than_the_first_line_of_its_script(name):
    script = keras_script(PRESETS["script-a"].model_copy(update={"name": name}))
    compile(script, "script", "exec")
    assert script.split("\n")[1:] == keras_script(PRESETS["script-a"]).split("\n")[1:]
    script.encode("utf-8")


def test_an_archive_holds_the_script_and_the_digits_that_it_reads(monkeypatch):
    digits = {"x_train": np.zeros((3, 28, 28), np.uint8), "y_train": np.zeros(3, np.uint8)}
    recipe = from_source(PRESETS["fast"], "handwriting")
    wanted = recipe.data.size, recipe.data.validation, recipe.data.handwriting
    monkeypatch.setattr(keras_script_module, "made_digits", lambda *data: digits if data == wanted else None)
    with zipfile.ZipFile(io.BytesIO(keras_archive(recipe, "inkling-mine"))) as files:
        assert files.namelist() == ["inkling-mine/inkling-mine.py", "inkling-mine/digits.npz"]
        assert files.read("inkling-mine/inkling-mine.py").decode() == keras_script(recipe)
        with np.load(io.BytesIO(files.read("inkling-mine/digits.npz"))) as arrays:
            assert {name: array.shape for name, array in arrays.items()} == {"x_train": (3, 28, 28), "y_train": (3,)}
