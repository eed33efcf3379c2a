import re

import pytest

from core.insight.export import file_stem, keras_code, keras_lines
from core.networks.network import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
    Network,
    Softmax,
)
from core.networks.recipe import PRESETS

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
