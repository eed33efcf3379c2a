"""A lesson: a model is taught the drawings that it read wrongly, a little at a time among what it has learned from.

Drawings alone would make it forget the rest. So they are repeated until they make up a share of a smaller training
set, and all weights take small steps from where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from core.digits.dataset import Dataset, Digits
from core.networks.model import BadModelFile, Model, read_model
from core.networks.names import with_ending
from core.networks.recipe import MAX_STEP_MULTIPLY_ADDS, Cosine, Recipe

SHARE = 0.1  # of the training images that are the lesson's drawings
EPOCHS = 1
SLOWER = 0.2  # of the recipe's own learning rate; a tenth left more of what a lesson unsettles unmended
BATCH_SIZE = 64
MOST_HANDWRITING = 4_000  # built-in digits, where the model learned from such
FINE_TUNED = ", taught"  # what the name of a taught model ends with


@dataclass(frozen=True)
class FineTuning:
    """What a model is taught.

    Attributes:
        start: the model as it was.
        drawings: what it is to read right from now on; at least one.
    """

    start: Model
    drawings: Digits

    def to_bytes(self) -> bytes:
        """The lesson in the `.safetensors` format, which `from_bytes` reads back."""
        start = np.frombuffer(self.start.to_bytes(), np.uint8)
        images, labels = (np.ascontiguousarray(array) for array in (self.drawings.images, self.drawings.labels))
        return save({"start": start, "images": images, "labels": labels})

    @classmethod
    def from_bytes(cls, content: bytes) -> FineTuning:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: it is damaged.
        """
        try:
            arrays = load(content)
            return cls(read_model(arrays["start"].tobytes()), Digits(arrays["images"], arrays["labels"]))
        except (SafetensorError, KeyError, BadModelFile) as problem:
            raise ValueError(f"damaged lesson: {problem}") from None


def fine_tuning_recipe(recipe: Recipe) -> Recipe:
    """The recipe by which a model of this recipe is taught: the same network on a sixth of the images, in seconds.

    That of a taught model is the same again: a second lesson takes steps as large as the first.
    """
    data = recipe.data
    slower = 1 if FINE_TUNED in recipe.name else SLOWER  # a replay of a lesson has a longer name
    return recipe.model_copy(
        update={
            "name": fine_tuned_name(recipe.name),
            "data": data.model_copy(update={"size": "quick", "handwriting": min(data.handwriting, MOST_HANDWRITING)}),
            "batch_size": min(BATCH_SIZE, MAX_STEP_MULTIPLY_ADDS // max(recipe.network.multiply_adds, 1)),
            "epochs": EPOCHS,
            "optimizer": recipe.optimizer.model_copy(
                update={"learning_rate": max(slower * recipe.optimizer.learning_rate, 1e-6)}
            ),
            "schedule": Cosine(),
            "early_stopping": None,
            "checkpoint": None,
        }
    )


def fine_tuned_name(name: str) -> str:
    """What a model is called once it has been taught."""
    return with_ending(name, FINE_TUNED)


def fine_tuning_data(data: Dataset, fine_tuning: FineTuning) -> Dataset:
    """The data with the lesson's drawings among the training images, as often as it takes to be `SHARE` of them."""
    drawings, training = fine_tuning.drawings, data.training
    count = max(len(drawings), round(len(training) * SHARE / (1 - SHARE)))
    repeated = drawings[np.arange(count) % len(drawings)]
    images = np.concatenate([training.images, repeated.images])
    labels = np.concatenate([training.labels, repeated.labels])
    images.flags.writeable = labels.flags.writeable = False
    return replace(data, training=Digits(images, labels))
