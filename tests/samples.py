"""Values that several tests need."""

import numpy as np

from core.digits.dataset import Digits
from core.digits.synthetic.handwriting import handwriting
from core.networks.model import Model, Scores, pretrained
from core.networks.presets import PRESETS
from core.networks.snapshots import NO_SNAPSHOTS, with_snapshot


def random_weights(network, seed=0):
    """Weights of the right names and shapes; variances positive."""
    random = np.random.default_rng(seed)
    return {
        name: (
            random.uniform(0.5, 1.5, spec.shape) if "variance" in name else random.normal(0, 0.2, spec.shape)
        ).astype(np.float32)
        for name, spec in network.weight_specs().items()
    }


def many_snapshots(network, epochs, images):
    """The snapshots of a run whose weights grow by a tenth in each epoch."""
    snapshots, weights = NO_SNAPSHOTS, random_weights(network)
    for epoch in range(epochs + 1):
        snapshots = with_snapshot(snapshots, epoch, network, weights, images)
        weights = {name: array * np.float32(1.1) for name, array in weights.items()}
    return snapshots


def random_model(recipe="fast", seed=0):
    """A model with random weights, of a preset by its name or of a recipe."""
    recipe = PRESETS[recipe] if isinstance(recipe, str) else recipe
    return Model(recipe, random_weights(recipe.network, seed), pretrained().scores, "")


def scores(test_accuracy=0.9, **changes):
    """The scores of a run on MNIST that was not measured on drawn digits."""
    measured = {"data_source": "mnist", "test_images": 10_000, "test_loss": 0.03, "kept_epoch": 1, "epochs": 1}
    return Scores(test_accuracy=test_accuracy, **({"seconds": 10.0} | measured | changes))


def digit_image(digit):
    """A built-in digit, (28, 28) float32 in [0, 1]."""
    images, labels = handwriting(40, 7)
    return (images[list(labels).index(digit)] / 255).astype(np.float32)


def hundred_digits():
    """Noise, labelled 0 to 9 in turn, as a run keeps samples of its test images."""
    images = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
    return Digits(images, (np.arange(100) % 10).astype(np.uint8))
