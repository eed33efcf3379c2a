import keras
import numpy as np
import pytest

from core.networks.recipe import Adam, AdamW
from core.training import kernels
from core.training.keras_models import keras_model
from tests.training import tiny


def fitted(recipe, layer_classes, optimizers, images, labels, run_eagerly):
    options = recipe.optimizer.model_dump(exclude={"kind"})
    model = keras_model(recipe, layer_classes)
    model.compile(
        getattr(optimizers, recipe.optimizer.kind)(**options), "categorical_crossentropy", run_eagerly=run_eagerly
    )
    model.fit(images, labels, batch_size=48, epochs=2, shuffle=False, verbose=0)  # the last batch is a smaller one
    return model


@pytest.mark.parametrize(
    "optimizer",
    [Adam(learning_rate=0.01, beta_1=0.8, beta_2=0.95), AdamW(learning_rate=0.01, weight_decay=0.1)],
)
def test_a_network_learns_the_same_with_the_fused_kernels_as_with_keras(optimizer, random_images):
    recipe = tiny.RECIPE.model_copy(update={"optimizer": optimizer})
    images = np.resize(random_images, (112, 28, 28, 1)).astype(np.float32) / 255
    images *= np.linspace(0.1, 1, 112, dtype=np.float32)[:, None, None, None]
    labels = np.eye(10, dtype=np.float32)[np.arange(112) % 10]
    by_keras = fitted(recipe, keras.layers, keras.optimizers, images, labels, run_eagerly=True)
    by_kernels = fitted(recipe, kernels.LAYERS, kernels.OPTIMIZERS, images, labels, run_eagerly=False)
    for variable, same in zip(by_keras.variables, by_kernels.variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), same.numpy(), rtol=2e-3, atol=2e-4, err_msg=variable.path)


def test_the_fused_batch_normalisation_updates_its_statistics_as_keras_does():
    maps = np.random.default_rng(0).normal(3, 2, (3, 2, 2, 5)).astype(np.float32)
    layers = [
        kind(momentum=0.9, epsilon=1e-3) for kind in (keras.layers.BatchNormalization, kernels.BatchNormalization)
    ]
    outputs = [layer(maps, training=True).numpy() for layer in layers]
    np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)
    for variable, same in zip(layers[0].variables, layers[1].variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), same.numpy(), rtol=1e-5, err_msg=variable.path)
    np.testing.assert_allclose(*(layer(maps, training=False).numpy() for layer in layers), rtol=1e-5)
