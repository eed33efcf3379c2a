"""The presets: two teaching scripts, an improved version of the first, and four networks of our own."""

from typing import Any, Literal

from core.digits.augmentation import Augmentation
from core.networks.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU
from core.networks.network import Network
from core.networks.recipe import SGD, Adam, BestCheckpoint, Data, EarlyStopping, OneCycle, Recipe, ReduceLROnPlateau

_SCRIPTS_CONVOLUTIONS = (  # the three convolutions of script A, with the two poolings between them
    Conv2D(filters=32, activation="relu"),
    MaxPooling2D(),
    Conv2D(filters=64, activation="relu"),
    MaxPooling2D(),
    Conv2D(filters=64, activation="relu"),
)


def _normalized_convolution(
    filters: int,
    kernel_size: int = 3,
    strides: int = 1,
    padding: Literal["valid", "same"] = "valid",
    is_pooled: bool = False,
) -> tuple[Any, ...]:
    """A convolution whose outputs are normalised before they are cut off at zero; it needs no bias of its own.

    Pooling before normalisation leaves that a quarter of the work. The momentum of 0.9 lets the statistics settle
    within the few hundred steps of a short run.
    """
    return (
        Conv2D(filters=filters, kernel_size=kernel_size, strides=strides, padding=padding, use_bias=False),
        *((MaxPooling2D(),) if is_pooled else ()),
        BatchNormalization(momentum=0.9),
        ReLU(),
    )


def _network(*layers: Any) -> Network:
    """The network of these layers and of the one that puts out the ten probabilities."""
    return Network(layers=(*layers, Dense(units=10, activation="softmax")))


FAST = Recipe(
    name="Fast",
    # A stride of 2 leaves a quarter of the work, and convolutions without a margin some more; one epoch on one cycle
    # does the rest.
    network=_network(
        *_normalized_convolution(16, kernel_size=5, strides=2),
        *_normalized_convolution(32, is_pooled=True),
        *_normalized_convolution(64),
        Flatten(),
    ),
    optimizer=Adam(learning_rate=0.008, beta_1=0.8, beta_2=0.95),
    schedule=OneCycle(),
    label_smoothing=0.1,  # in a single epoch it spares a seventh of the errors, and costs nothing
    pipeline="tf.data",
)

SCRIPT_A = Recipe(
    name="Script A",
    network=_network(
        *_SCRIPTS_CONVOLUTIONS,
        Flatten(),
        Dense(units=64, activation="relu"),
    ),
    data=Data(validation="test"),
    batch_size=32,
    epochs=5,
)

SCRIPT_B = Recipe(
    name="Script B",
    network=_network(
        Conv2D(filters=32, activation="relu"),
        MaxPooling2D(),
        Flatten(),
        Dense(units=100, activation="relu"),
    ),
    data=Data(validation="none"),
    batch_size=32,
    epochs=10,
    optimizer=SGD(learning_rate=0.01, momentum=0.9),
)

SCRIPT_A_IMPROVED = Recipe(
    name="Script A, improved",
    network=_network(
        *_SCRIPTS_CONVOLUTIONS,
        MaxPooling2D(),
        Dropout(rate=0.25),
        Flatten(),
        Dense(units=64, activation="relu"),
        Dropout(rate=0.5),
    ),
    batch_size=64,
    epochs=50,
    schedule=ReduceLROnPlateau(),
    l2=1e-5,
    augmentation=Augmentation(rotation=10, shift=0.1),
    early_stopping=EarlyStopping(),
    checkpoint=BestCheckpoint(),
    pipeline="tf.data",
)

ACCURATE = Recipe(
    name="Accurate",
    network=_network(
        *_normalized_convolution(32, kernel_size=5, is_pooled=True),
        *_normalized_convolution(64),
        *_normalized_convolution(64, is_pooled=True),
        *_normalized_convolution(128, padding="same"),
        *_normalized_convolution(128),
        Flatten(),
        Dropout(rate=0.3),
    ),
    # MNIST's writers do not write as the world does: a seventh of what it sees is built-in handwriting.
    data=Data(handwriting=10_000),
    epochs=20,
    optimizer=Adam(learning_rate=0.005),
    schedule=OneCycle(),
    label_smoothing=0.1,
    augmentation=Augmentation(rotation=12, shift=0.07, zoom=0.1, shear=8, elastic=1.0),
    checkpoint=BestCheckpoint(),
    pipeline="tf.data",
)

BALANCED = Recipe(
    name="Balanced",
    # The fewest errors that Script A's own time allows.
    network=_network(
        *_normalized_convolution(16, kernel_size=5, is_pooled=True),
        *_normalized_convolution(32),
        *_normalized_convolution(48, is_pooled=True),
        *_normalized_convolution(96),
        Flatten(),
        Dropout(rate=0.2),
    ),
    epochs=12,
    optimizer=Adam(learning_rate=0.006, beta_1=0.8, beta_2=0.95),
    schedule=OneCycle(),
    label_smoothing=0.1,
    augmentation=Augmentation(rotation=8, shift=0.05, zoom=0.08, shear=5),
    pipeline="tf.data",
)

TINY = Recipe(
    name="Tiny",
    network=_network(
        *_normalized_convolution(8, kernel_size=5, is_pooled=True),
        *_normalized_convolution(16),
        *_normalized_convolution(16, is_pooled=True),
        *_normalized_convolution(20),
        Flatten(),
    ),
    epochs=30,
    optimizer=Adam(learning_rate=0.01, beta_1=0.8, beta_2=0.95),
    schedule=OneCycle(),
    augmentation=Augmentation(rotation=6, shift=0.05, zoom=0.06, shear=4),
    checkpoint=BestCheckpoint(),
    pipeline="tf.data",
)

PRESETS = {
    "fast": FAST,
    "balanced": BALANCED,
    "accurate": ACCURATE,
    "tiny": TINY,
    "script-a": SCRIPT_A,
    "script-b": SCRIPT_B,
    "script-a-improved": SCRIPT_A_IMPROVED,
}
