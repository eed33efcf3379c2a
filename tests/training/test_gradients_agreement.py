"""The NumPy gradients and Grad-CAM compared with TensorFlow's."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.insight.saliency import grad_cam, map_layers
from core.networks.gradients import gradients
from core.networks.layers import AveragePooling2D, Conv2D, Dense, Flatten, MaxPooling2D, Softmax
from core.networks.network import Network
from core.networks.presets import PRESETS
from tests.samples import digit_image, random_model, random_weights
from tests.training.test_keras_agreement import HEADS, MAP_LAYERS, in_keras


def in_tensorflow(network, weights, images, logit_weights):
    """The gradients by the image and by each layer's output, from a GradientTape."""
    model = in_keras(network, weights)
    image = tf.constant(images[..., None] / np.float32(255))
    outputs = []
    with tf.GradientTape() as tape:
        tape.watch(image)
        x = image
        for layer in model.layers[:-1]:
            x = layer(x, training=False)
            outputs.append(x)
        last = model.layers[-1]
        if not isinstance(network.layers[-1], Softmax):
            last.activation = tf.identity
            x = last(x)
        sum_of_logits = tf.reduce_sum(x * logit_weights)
    by_image, *by_outputs = tape.gradient(sum_of_logits, [image, *outputs])
    names = [layer.name for layer in model.layers]
    return by_image.numpy()[..., 0], dict(zip(names, (one.numpy() for one in by_outputs), strict=False))


def check(network, images):
    weights = random_weights(network)
    logit_weights = np.random.default_rng(2).normal(size=(len(images), network.classes)).astype(np.float32)
    ours = gradients(network, weights, images, logit_weights)
    by_image, by_outputs = in_tensorflow(network, weights, images, logit_weights)
    assert list(ours.layers) == list(by_outputs) == [row.name for row in network.table()][:-1]
    for name, theirs in by_outputs.items():
        np.testing.assert_allclose(ours.layers[name], theirs, rtol=1e-3, atol=1e-5 * (1 + np.abs(theirs).max()))
    np.testing.assert_allclose(ours.image, by_image, rtol=1e-3, atol=1e-5 * (1 + np.abs(by_image).max()))


@pytest.mark.parametrize("preset", PRESETS)
def test_on_every_preset_gradients_agree_with_tensorflow_layer_by_layer(preset, random_images):
    check(PRESETS[preset].network, random_images[:3])


@settings(max_examples=12)
@given(st.lists(MAP_LAYERS, max_size=4), HEADS)
def test_on_any_network_gradients_agree_with_tensorflow_layer_by_layer(layers, head):
    try:
        network = Network(layers=(*layers, *head))
    except ValidationError:
        return
    check(network, np.random.default_rng(1).integers(0, 256, (2, 28, 28), dtype=np.uint8))


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
