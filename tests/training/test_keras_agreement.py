"""The NumPy network with its gradients, and the Keras code it is exported as, compared with Keras and TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from core.insight.saliency import grad_cam, map_layers
from core.networks.gradients import gradients
from core.networks.keras_script import keras_code
from core.networks.layers import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ReLU,
    Softmax,
)
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.training.keras_models import keras_model
from tests.samples import digit_image, random_model, random_weights
from tests.training import tiny

MAP_LAYERS = st.one_of(
    st.builds(
        Conv2D,
        filters=st.integers(1, 6),
        kernel_size=st.integers(1, 6),
        strides=st.integers(1, 3),
        padding=st.sampled_from(["valid", "same"]),
        activation=st.sampled_from(["linear", "relu"]),
        use_bias=st.booleans(),
    ),
    st.builds(MaxPooling2D, pool_size=st.integers(1, 3)),
    st.builds(AveragePooling2D, pool_size=st.integers(1, 3)),
    st.builds(BatchNormalization, momentum=st.just(0.9), epsilon=st.sampled_from([1e-3, 1e-5])),
    st.builds(Dropout, rate=st.sampled_from([0.0, 0.5])),
    st.just(ReLU()),
)
HEADS = st.sampled_from(
    [
        (Flatten(), Dense(units=10, activation="softmax")),
        (GlobalAveragePooling2D(), BatchNormalization(), Dense(units=10, use_bias=False), Softmax()),
        (Flatten(), Dense(units=7, activation="relu"), Dense(units=10), Softmax()),
    ]
)


def in_keras(network: Network, weights):
    model = keras_model(tiny.RECIPE.model_copy(update={"network": network}))
    for layer in model.layers:
        layer.set_weights([weights[f"{layer.name}/{weight.name}"] for weight in layer.weights])
    return model


def built_by_code(network: Network):
    names = {}
    exec(keras_code(network), names)
    return names["model"]


def architecture(model):
    """Each layer's kind and settings, without those that concern its training alone."""
    training = ("name", "seed", "kernel_initializer", "kernel_regularizer")
    return [
        (type(layer).__name__, {name: value for name, value in layer.get_config().items() if name not in training})
        for layer in model.layers
    ]


def gradients_in_keras(network, model, images, logit_weights):
    """The gradients by the image and by each layer's output; the model's last activation is taken from it."""
    image = tf.constant(images[..., None] / np.float32(255))
    outputs = []
    if not isinstance(network.layers[-1], Softmax):
        model.layers[-1].activation = tf.identity
    with tf.GradientTape() as tape:
        tape.watch(image)
        x = image
        for layer in model.layers[: -1 if isinstance(network.layers[-1], Softmax) else None]:
            x = layer(x, training=False)
            outputs.append(x)
        sum_of_logits = tf.reduce_sum(x * logit_weights)
    return [gradient.numpy() for gradient in tape.gradient(sum_of_logits, [image, *outputs])]


def check(network: Network, images):
    weights = random_weights(network)
    model = in_keras(network, weights)
    rows = network.table()
    assert [layer.name for layer in model.layers] == [row.name for row in rows]
    assert [tuple(layer.output.shape[1:]) for layer in model.layers] == [row.output_shape for row in rows]
    assert [layer.count_params() for layer in model.layers] == [row.parameters for row in rows]
    assert sum(weight.numpy().size for weight in model.trainable_weights) == sum(r.trainable_parameters for r in rows)
    assert architecture(built_by_code(network)) == architecture(model)

    x = tf.constant(images[..., None] / np.float32(255))
    activations = network.activations(weights, images)
    for layer in model.layers:
        x = layer(x)  # outside fit, layers predict
        np.testing.assert_allclose(activations[layer.name], x.numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(network.probabilities(weights, images), x.numpy(), atol=1e-5)

    logit_weights = np.random.default_rng(2).normal(size=(len(images), network.classes)).astype(np.float32)
    ours = gradients(network, weights, images, logit_weights)
    by_image, *by_outputs = gradients_in_keras(network, model, images, logit_weights)
    assert list(ours.layers) == [row.name for row in rows][:-1]
    pairs = zip([ours.image[..., None], *ours.layers.values()], [by_image, *by_outputs], strict=False)
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5 * (1 + np.abs(theirs).max()))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_agrees_with_keras_layer_by_layer(preset, random_images):
    check(PRESETS[preset].network, random_images[:3])


@settings(max_examples=15)
@given(st.lists(MAP_LAYERS, max_size=4), HEADS)
def test_any_network_agrees_with_keras_layer_by_layer(layers, head):
    try:
        network = Network(layers=(*layers, *head))
    except ValidationError:
        return
    check(network, np.random.default_rng(1).integers(0, 256, (3, 28, 28), dtype=np.uint8))


@pytest.mark.parametrize(
    "layers",
    [
        (Conv2D(filters=3, activation="softmax"), Softmax(), Flatten()),
        (Conv2D(filters=3, activation="relu"), MaxPooling2D(pool_size=3), AveragePooling2D(), Flatten()),
    ],
    ids=["a softmax within", "pooling of pooled maps"],
)
def test_rarer_layers_agree_too(layers, random_images):
    check(Network(layers=(*layers, Dense(units=10, activation="softmax"))), random_images[:2])


def test_among_equal_maxima_the_first_has_the_gradient_as_in_tensorflow():
    blank_and_full = np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)])
    network = Network(
        layers=(Conv2D(filters=2, activation="relu"), MaxPooling2D(), Flatten(), Dense(units=10, activation="softmax"))
    )
    check(network, blank_and_full)


@pytest.mark.parametrize("preset", PRESETS)
def test_multiply_adds_are_half_of_what_tensorflow_counts_as_operations(preset):
    network = PRESETS[preset].network
    model = in_keras(network, random_weights(network))
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(tf.TensorSpec((1, 28, 28, 1)))
    graph = convert_variables_to_constants_v2(function).graph
    operations = {"Conv2D": 0, "MatMul": 0}
    for node in tf.compat.v1.profiler.profile(
        graph, options=tf.compat.v1.profiler.ProfileOptionBuilder.float_operation() | {"output": "none"}
    ).children:
        kind = graph.get_operation_by_name(node.name).type
        if kind in operations:
            operations[kind] += node.total_float_ops
    counted = sum(row.multiply_adds for row in network.table() if row.layer.layer in ("Conv2D", "Dense"))
    assert sum(operations.values()) == 2 * counted


@pytest.mark.parametrize("preset", PRESETS)
def test_grad_cam_agrees_with_keras(preset):
    model, image = random_model(preset), digit_image(4)
    layer = map_layers(model)[0]
    keras_model = in_keras(model.network, model.weights)
    keras_model.layers[-1].activation = tf.identity
    x = tf.constant(image[None, ..., None])
    with tf.GradientTape() as tape:
        for one in keras_model.layers:
            x = one(x, training=False)
            if one.name == layer:
                maps = x
                tape.watch(maps)
        digit = int(tf.argmax(x[0]))
        logit = x[0, digit]
    weights = tf.reduce_mean(tape.gradient(logit, maps), axis=(1, 2))
    cam = tf.nn.relu(tf.einsum("nhwc,nc->nhw", maps, weights))
    heat = tf.image.resize(cam[..., None], (28, 28), "bilinear")[0, ..., 0].numpy()
    found = grad_cam(model, image, layer)
    assert found.digit == digit
    np.testing.assert_allclose(found.heat, heat, atol=1e-4 * heat.max())
