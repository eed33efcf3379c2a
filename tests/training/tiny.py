"""Small data and a small recipe, so that a training takes a second."""

from core.digits.dataset import Dataset, load_dataset
from core.networks.network import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, Network, ReLU
from core.networks.recipe import Adam, Data, Recipe

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


def data(training: int = 1000, validation: int | None = 300, test: int = 300) -> Dataset:
    whole = load_dataset("handwriting", "quick")
    return Dataset(
        whole.training[:training],
        whole.validation[:validation] if validation else None,
        whole.test[:test],
        "handwriting",
    )
