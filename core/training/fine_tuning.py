"""Fine-tuning: training a model further on drawings that it misread.

Trained on the drawings alone, it would forget the rest. So they are mixed into a small training set, repeated until
they make up a tenth of it, and trained on with a low learning rate.
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

DRAWINGS_SHARE = 0.1  # of the training images
EPOCHS = 1
LEARNING_RATE_FACTOR = 0.2  # of the recipe's own rate; with a tenth, less of what was forgotten is learned again
BATCH_SIZE = 64
MAX_HANDWRITING = 4_000  # built-in digits, where the model was trained on such
FINE_TUNED = ", taught"  # the ending of a fine-tuned model's name


@dataclass(frozen=True)
class FineTuning:
    """A model, and what to fine-tune it on.

    Attributes:
        start: the model whose weights to start from.
        drawings: at least one, with the labels to learn.
    """

    start: Model
    drawings: Digits

    def to_bytes(self) -> bytes:
        """Serialize to the `.safetensors` format, which `from_bytes` reads."""
        start = np.frombuffer(self.start.to_bytes(), np.uint8)
        images, labels = (np.ascontiguousarray(array) for array in (self.drawings.images, self.drawings.labels))
        return save({"start": start, "images": images, "labels": labels})

    @classmethod
    def from_bytes(cls, content: bytes) -> FineTuning:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: the content is damaged.
        """
        try:
            arrays = load(content)
            return cls(read_model(arrays["start"].tobytes()), Digits(arrays["images"], arrays["labels"]))
        except (SafetensorError, KeyError, BadModelFile) as problem:
            raise ValueError(f"damaged fine-tuning data: {problem}") from None


def fine_tuning_recipe(recipe: Recipe) -> Recipe:
    """The recipe that fine-tunes a model of this recipe: the same network, a sixth of the images, a low learning rate.

    The recipe of a fine-tuned model stays as it is: a second fine-tuning has the same learning rate as the first.
    """
    data = recipe.data
    factor = 1 if FINE_TUNED in recipe.name else LEARNING_RATE_FACTOR  # not `endswith`: a replay's name is longer
    return recipe.model_copy(
        update={
            "name": fine_tuned_name(recipe.name),
            "data": data.model_copy(update={"size": "quick", "handwriting": min(data.handwriting, MAX_HANDWRITING)}),
            "batch_size": min(BATCH_SIZE, MAX_STEP_MULTIPLY_ADDS // max(recipe.network.multiply_adds, 1)),
            "epochs": EPOCHS,
            "optimizer": recipe.optimizer.model_copy(
                update={"learning_rate": max(factor * recipe.optimizer.learning_rate, 1e-6)}
            ),
            "schedule": Cosine(),
            "early_stopping": None,
            "checkpoint": None,
        }
    )


def fine_tuned_name(name: str) -> str:
    """The name of a fine-tuned model, from the name of the model that it was."""
    return with_ending(name, FINE_TUNED)


def fine_tuning_data(data: Dataset, fine_tuning: FineTuning) -> Dataset:
    """The data with the drawings added to the training images, repeated until they are `DRAWINGS_SHARE` of them."""
    drawings, training = fine_tuning.drawings, data.training
    count = max(len(drawings), round(len(training) * DRAWINGS_SHARE / (1 - DRAWINGS_SHARE)))
    repeated = drawings[np.arange(count) % len(drawings)]
    images = np.concatenate([training.images, repeated.images])
    labels = np.concatenate([training.labels, repeated.labels])
    images.flags.writeable = labels.flags.writeable = False
    return replace(data, training=Digits(images, labels))
