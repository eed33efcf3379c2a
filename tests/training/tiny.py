"""Small data and a small recipe: a run takes a second."""

import numpy as np

from core.digits.dataset import Dataset, load_dataset
from core.networks.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU
from core.networks.model import Model
from core.networks.network import Network
from core.networks.recipe import Adam, Data, Recipe
from core.training.checkpoint import TrainedModel
from tests.samples import random_weights, scores

NETWORK = Network(
    layers=(
        Conv2D(filters=8, strides=2, use_bias=False),
        BatchNormalization(momentum=0.9),
        ReLU(),
        MaxPooling2D(),
        Flatten(),
        Dropout(rate=0.2),
        Dense(units=10, activation="softmax"),
    )
)
RECIPE = Recipe(
    name="Tiny",
    network=NETWORK,
    data=Data(source="handwriting", size="quick"),
    epochs=3,
    batch_size=50,
    optimizer=Adam(learning_rate=0.01),
    seed=5,
)


def trained(was_stopped: bool = False) -> TrainedModel:
    """The result of a run, without any training."""
    model = Model(RECIPE, random_weights(RECIPE.network), scores(data_source="handwriting", test_images=10), "summary")
    return TrainedModel(model, (), np.full((10, 10), 0.1, np.float32), b"keras", was_stopped)


def data(training: int = 1000, validation: int | None = 300, test: int = 300) -> Dataset:
    whole = load_dataset("handwriting", "quick")
    return Dataset(
        whole.training[:training],
        whole.validation[:validation] if validation else None,
        whole.test[:test],
        "handwriting",
    )
