"""The code that a network is exported as, executed by Keras itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.networks.keras_script import keras_code
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.training.keras_models import keras_model
from tests.training import tiny
from tests.training.test_keras_agreement import HEADS, MAP_LAYERS

IGNORED = ("name", "seed", "kernel_initializer", "kernel_regularizer")  # how it is trained, not what it is


def built(network: Network):
    names = {}
    exec(keras_code(network), names)
    return names["model"]


def settings_of(model):
    return [
        (type(layer).__name__, {name: value for name, value in layer.get_config().items() if name not in IGNORED})
        for layer in model.layers
    ]


def check(network: Network):
    model = built(network)
    rows = network.table()
    assert [tuple(layer.output.shape[1:]) for layer in model.layers] == [row.output_shape for row in rows]
    assert [layer.count_params() for layer in model.layers] == [row.parameters for row in rows]
    assert model.count_params() == network.parameters
    trained = keras_model(tiny.RECIPE.model_copy(update={"network": network}))
    assert settings_of(model) == settings_of(trained)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_code_of_every_preset_builds_the_network_that_is_trained(preset):
    check(PRESETS[preset].network)


@settings(max_examples=30)
@given(st.lists(MAP_LAYERS, max_size=4), HEADS)
def test_the_code_of_any_network_builds_the_network_that_is_trained(layers, head):
    try:
        network = Network(layers=(*layers, *head))
    except ValidationError:
        return
    check(network)
