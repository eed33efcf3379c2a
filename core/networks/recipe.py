"""Recipe: what to train and how, as one frozen value; and the presets.

A recipe is checked when it is made, before anything is built, and travels as JSON. Its ranges and explanations are
written here once; pages and commands read them from here.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, Field, ValidationError, model_validator

from core.digits.augmentation import Augmentation
from core.digits.dataset import QUICK_IMAGES, TRAINING_IMAGES
from core.errors import InklingError
from core.networks.network import (
    CLASSES,
    DETECTOR_CLASSES,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPooling2D,
    Network,
    ReLU,
    Value,
)

MAX_STEP_MULTIPLY_ADDS = 15_000_000_000  # a step takes two seconds then, and no Stop is heard within one
MAX_HANDWRITING = 60_000  # images, as many as MNIST has; 47 MB, and a quarter of a minute to make on two cores
MAX_DOODLES = 100_000  # images; 78 MB
MAX_EPOCHS = 200
MAX_JSON_BYTES = 100_000  # the largest preset takes 3 kB
MAX_DEPTH = 8  # brackets within brackets; a recipe has four
Monitor = Literal["val_loss", "val_accuracy"]


class BadRecipe(InklingError, ValueError):
    """The recipe cannot be used; the message names the setting and what it may be."""


class _Optimizer(Value):
    learning_rate: float = Field(0.001, ge=1e-6, le=10, description="How far each step goes.")


class Adam(_Optimizer):
    """Steps scaled per weight by running means of gradients (Kingma & Ba, 2014)."""

    kind: Literal["Adam"] = "Adam"
    beta_1: float = Field(0.9, ge=0, lt=1, description="How long gradients are remembered.")
    beta_2: float = Field(0.999, ge=0, lt=1, description="How long squared gradients are remembered.")


class AdamW(Adam):
    """Adam that also pulls every weight towards zero (Loshchilov & Hutter, 2017)."""

    kind: Literal["AdamW"] = "AdamW"  # type: ignore[assignment]
    weight_decay: float = Field(0.004, ge=0, le=1, description="How strongly weights are pulled towards zero.")


class SGD(_Optimizer):
    """Plain steps down the slope, with momentum."""

    kind: Literal["SGD"] = "SGD"
    learning_rate: float = Field(0.01, ge=1e-6, le=10, description="How far each step goes.")
    momentum: float = Field(0.0, ge=0, lt=1, description="How much of the last step is kept.")


class RMSprop(_Optimizer):
    """Steps scaled per weight by a running mean of squared gradients (Hinton, 2012)."""

    kind: Literal["RMSprop"] = "RMSprop"
    rho: float = Field(0.9, ge=0, lt=1, description="How long squared gradients are remembered.")


class Constant(Value):
    """The learning rate stays as it is."""

    kind: Literal["Constant"] = "Constant"


class OneCycle(Value):
    """The learning rate climbs to its peak and sinks to nearly nothing, once in the whole run (Smith, 2018)."""

    kind: Literal["OneCycle"] = "OneCycle"
    warmup: float = Field(0.3, gt=0, lt=1, description="Share of the run in which the rate climbs.")


class Cosine(Value):
    """The learning rate sinks along a cosine to nearly nothing (Loshchilov & Hutter, 2016)."""

    kind: Literal["Cosine"] = "Cosine"


class ReduceLROnPlateau(Value):
    """The learning rate is cut whenever the monitored value has stopped improving."""

    kind: Literal["ReduceLROnPlateau"] = "ReduceLROnPlateau"
    monitor: Monitor = "val_loss"
    factor: float = Field(0.5, gt=0, lt=1, description="What the rate is multiplied by.")
    patience: int = Field(2, ge=1, le=100, description="Epochs without improvement before the cut.")
    min_learning_rate: float = Field(1e-5, ge=0, le=1, description="The rate is never cut below this.")


class EarlyStopping(Value):
    """Ends the run when the monitored value has stopped improving."""

    monitor: Monitor = "val_loss"
    patience: int = Field(3, ge=1, le=100, description="Epochs without improvement before the end.")
    restore_best: bool = Field(True, description="Keep the weights of the best epoch, not of the last.")


class BestCheckpoint(Value):
    """Keeps the weights of the epoch with the best monitored value."""

    kind: Literal["best"] = "best"
    monitor: Monitor = "val_accuracy"


class PeriodicCheckpoint(Value):
    """Keeps a checkpoint every few epochs, from which a run that was cut short goes on.

    The training command does so; the app keeps every epoch's checkpoint, whatever a recipe says.
    """

    kind: Literal["every"] = "every"
    epochs: int = Field(1, ge=1, le=MAX_EPOCHS, description="Epochs between two checkpoints.")


class Data(Value):
    """Which images the network learns from, and which it is checked against while it learns."""

    source: Literal["mnist", "handwriting"] = Field("mnist", description="MNIST, or Inkling's built-in handwriting.")
    size: Literal["full", "quick"] = Field("full", description="All 60,000 training images, or 10,000 of them.")
    validation: Literal["split", "test", "none"] = Field(
        "split", description="Held out of the training images, the test set itself, or no validation at all."
    )
    handwriting: int = Field(
        0,
        ge=0,
        le=MAX_HANDWRITING,
        description="Added to the training images, because MNIST's writers do not write as the world does.",
    )
    doodles: int = Field(
        0, ge=0, le=MAX_DOODLES, description="Letters, scribbles and shapes mixed in, to learn what is no digit."
    )

    @property
    def images(self) -> int:
        """How many are learned from, with those that are held back to validate on."""
        return {"full": TRAINING_IMAGES, "quick": QUICK_IMAGES}[self.size] + self.handwriting + self.doodles


class Recipe(Value):
    """Everything that decides what a training run does.

    Same recipe, same data, same seed, same machine: same curve.

    Raises:
        pydantic.ValidationError: a value is out of range, or two settings contradict each other; `parse_recipe`
            turns it into one plain sentence.
    """

    version: Literal[1] = 1
    name: str = Field("My recipe", min_length=1, max_length=60)
    network: Network
    data: Data = Data()
    batch_size: int = Field(128, ge=1, le=4096, description="Images per step.")
    epochs: int = Field(1, ge=1, le=MAX_EPOCHS, description="How often the network sees every training image.")
    optimizer: Annotated[Adam | AdamW | SGD | RMSprop, Field(discriminator="kind")] = Adam()
    schedule: Annotated[Constant | OneCycle | Cosine | ReduceLROnPlateau, Field(discriminator="kind")] = Constant()
    label_smoothing: float = Field(0.0, ge=0, le=0.5, description="Share of certainty taken from the right digit.")
    l1: float = Field(0.0, ge=0, le=0.1, description="Price of each weight's size; drives weights to zero.")
    l2: float = Field(0.0, ge=0, le=0.1, description="Price of each weight's square; keeps weights small.")
    augmentation: Augmentation = Augmentation()
    early_stopping: EarlyStopping | None = None
    checkpoint: Annotated[BestCheckpoint | PeriodicCheckpoint, Field(discriminator="kind")] | None = None
    pipeline: Literal["arrays", "tf.data"] = Field(
        "arrays", description="Prepare each batch when it is needed, or the next ones in the background."
    )
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Decides all that is random.")

    @model_validator(mode="after")
    def _has_what_it_watches(self) -> Self:
        if self.data.validation == "none":
            for setting in (self.schedule, self.early_stopping, self.checkpoint):
                if getattr(setting, "monitor", None):
                    raise ValueError(
                        f"{type(setting).__name__} watches {getattr(setting, 'monitor', '')}, "
                        "but there is no validation: choose a split, or switch it off."
                    )
        return self

    @model_validator(mode="after")
    def _has_an_output_for_each_sort(self) -> Self:
        wanted = DETECTOR_CLASSES if self.data.doodles else CLASSES
        if self.network.classes != wanted:
            raise ValueError(
                f"With doodles={self.data.doodles:,} the network must put out {wanted} probabilities, "
                f"not {self.network.classes}."
            )
        return self

    @model_validator(mode="after")
    def _steps_are_short(self) -> Self:
        cost = max(self.network.multiply_adds, 1)
        if self.batch_size * cost > MAX_STEP_MULTIPLY_ADDS:
            most = MAX_STEP_MULTIPLY_ADDS // cost
            raise ValueError(f"batch_size must be at most {most:,} with this network, not {self.batch_size:,}.")
        return self

    @property
    def monitor(self) -> Monitor | None:
        """The value whose best epoch becomes the model: the checkpoint's, else early stopping's, else none."""
        if isinstance(self.checkpoint, BestCheckpoint):
            return self.checkpoint.monitor
        return self.early_stopping.monitor if self.early_stopping and self.early_stopping.restore_best else None

    def to_json(self) -> str:
        """The recipe as indented JSON, which `parse_recipe` reads back as an equal recipe."""
        return self.model_dump_json(indent=2)


# The values inside a recipe, by the tag or the field under which pydantic reports what is wrong with them.
_VALUES: dict[str, type[BaseModel]] = {
    **{value.__name__: value for value in (*get_args(get_args(Layer)[0]), Adam, AdamW, SGD, RMSprop)},
    **{value.__name__: value for value in (OneCycle, ReduceLROnPlateau)},
    "early_stopping": EarlyStopping,
    "every": PeriodicCheckpoint,
    "augmentation": Augmentation,
    "data": Data,
}


def parse_recipe(source: str | bytes | dict[str, Any]) -> Recipe:
    """Read a recipe from JSON text or from a dictionary.

    Raises:
        BadRecipe: with a sentence for each thing that is wrong.
    """
    if not isinstance(source, dict):
        if len(source) > MAX_JSON_BYTES:
            raise BadRecipe(f"The recipe is larger than {MAX_JSON_BYTES // 1000} kB. Use a file that Inkling wrote.")
        try:
            text = source.decode() if isinstance(source, bytes) else source
            if _depth(text) > MAX_DEPTH:
                raise BadRecipe(f"The recipe is nested more than {MAX_DEPTH} deep. Use a file that Inkling wrote.")
            source = json.loads(text)
        except BadRecipe:
            raise
        except ValueError:
            raise BadRecipe("This is not a recipe: it is no JSON. Use a file that Inkling wrote.") from None
    known = Recipe.model_fields["version"].default
    if isinstance(source, dict) and type(source.get("version")) is int and source["version"] > known:
        raise BadRecipe(
            f"A newer Inkling wrote this recipe, and this one reads version {known}. Update it, or choose a preset."
        )
    try:
        # JSON has no tuples; "strict" still refuses 1.5, True or "3" for a number.
        return Recipe.model_validate_json(json.dumps(source))
    except ValidationError as error:
        raise BadRecipe(_explained(error)) from None
    except (TypeError, ValueError, RecursionError):
        raise BadRecipe("This is not a recipe: it holds something that JSON cannot say.") from None


def _depth(text: str) -> int:
    """How many brackets stand within one another, those in strings left out."""
    brackets = (1 if letter in "[{" else -1 for letter in _STRING.sub("", text) if letter in "[]{}")
    return max(accumulate(brackets), default=0)


_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # possessive: it is never tried a second time

_PLAIN_WORDS = {"extra_forbidden": "is no setting of a recipe", "missing": "is missing"}


def _explained(error: ValidationError) -> str:
    """The first few problems of a recipe, a sentence each: which setting, what it may be, what it was."""
    sentences = []
    for problem in error.errors(include_url=False)[:3]:
        if problem["type"] == "value_error":
            sentences.append(str(problem["ctx"]["error"]))
            continue
        if problem["type"] in ("too_short", "too_long") and len(error.errors()) > 1:
            continue  # what pydantic adds when it left out the wrong ones
        place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in problem["loc"]) or "recipe"
        place = "".join(filter(str.isprintable, place))[:80]  # a key may be anything
        allowed = _allowed_range(problem["loc"])
        if problem["type"] in _PLAIN_WORDS:
            allowed = _PLAIN_WORDS[problem["type"]]
        elif not allowed:
            allowed = problem["msg"].replace("Input should", "must").replace("Tuple should", "must")
        given = repr(problem["input"])
        sentences.append(f"{place} {allowed}." if len(given) > 40 else f"{place} {allowed}, not {given}.")
    return " ".join(sentences)


def _allowed_range(place: tuple[int | str, ...]) -> str:
    """What the number at this place may be ("must be a whole number from 1 to 200"), "" if it is no number."""
    names = [part for part in place if isinstance(part, str)]
    owners = [_VALUES[name] for name in names if name in _VALUES]
    field = (owners[-1] if owners else Recipe).model_fields.get(names[-1]) if names else None
    if field is None or field.annotation not in (int, float):
        return ""
    bounds = [
        f"{word} {getattr(limit, bound):,}"
        for limit in field.metadata
        for bound, word in (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below"))
        if hasattr(limit, bound)
    ]
    return f"must be a {'whole number' if field.annotation is int else 'number'} {' '.join(bounds)}"


def _scripts_convolutions() -> tuple[Any, ...]:
    """The three convolutions of script A, with the two poolings between them."""
    return (
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


FAST = Recipe(
    name="Fast",
    # A stride of 2 leaves a quarter of the work, and convolutions without a margin some more; one epoch on one cycle
    # does the rest.
    network=Network(
        layers=(
            *_normalized_convolution(16, kernel_size=5, strides=2),
            *_normalized_convolution(32, is_pooled=True),
            *_normalized_convolution(64),
            Flatten(),
            Dense(units=10, activation="softmax"),
        )
    ),
    optimizer=Adam(learning_rate=0.008, beta_1=0.8, beta_2=0.95),
    schedule=OneCycle(),
    label_smoothing=0.1,  # in a single epoch it spares a seventh of the errors, and costs nothing
    pipeline="tf.data",
)

SCRIPT_A = Recipe(
    name="Script A",
    network=Network(
        layers=(
            *_scripts_convolutions(),
            Flatten(),
            Dense(units=64, activation="relu"),
            Dense(units=10, activation="softmax"),
        )
    ),
    data=Data(validation="test"),
    batch_size=32,
    epochs=5,
)

SCRIPT_B = Recipe(
    name="Script B",
    network=Network(
        layers=(
            Conv2D(filters=32, activation="relu"),
            MaxPooling2D(),
            Flatten(),
            Dense(units=100, activation="relu"),
            Dense(units=10, activation="softmax"),
        )
    ),
    data=Data(validation="none"),
    batch_size=32,
    epochs=10,
    optimizer=SGD(learning_rate=0.01, momentum=0.9),
)

SCRIPT_A_IMPROVED = Recipe(
    name="Script A, improved",
    network=Network(
        layers=(
            *_scripts_convolutions(),
            MaxPooling2D(),
            Dropout(rate=0.25),
            Flatten(),
            Dense(units=64, activation="relu"),
            Dropout(rate=0.5),
            Dense(units=10, activation="softmax"),
        )
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
    network=Network(
        layers=(
            *_normalized_convolution(32, kernel_size=5, is_pooled=True),
            *_normalized_convolution(64),
            *_normalized_convolution(64, is_pooled=True),
            *_normalized_convolution(128, padding="same"),
            *_normalized_convolution(128),
            Flatten(),
            Dropout(rate=0.3),
            Dense(units=10, activation="softmax"),
        )
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
    network=Network(
        layers=(
            *_normalized_convolution(16, kernel_size=5, is_pooled=True),
            *_normalized_convolution(32),
            *_normalized_convolution(48, is_pooled=True),
            *_normalized_convolution(96),
            Flatten(),
            Dropout(rate=0.2),
            Dense(units=10, activation="softmax"),
        )
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
    network=Network(
        layers=(
            *_normalized_convolution(8, kernel_size=5, is_pooled=True),
            *_normalized_convolution(16),
            *_normalized_convolution(16, is_pooled=True),
            *_normalized_convolution(20),
            Flatten(),
            Dense(units=10, activation="softmax"),
        )
    ),
    epochs=30,
    optimizer=Adam(learning_rate=0.01, beta_1=0.8, beta_2=0.95),
    schedule=OneCycle(),
    augmentation=Augmentation(rotation=6, shift=0.05, zoom=0.06, shear=4),
    checkpoint=BestCheckpoint(),
    pipeline="tf.data",
)

# Tells digits from what is none, for whichever model answers; it ships with Inkling and is trained by the command only.
DETECTOR = Recipe(
    name="Detector",
    network=Network(
        layers=(
            *_normalized_convolution(24, kernel_size=5, strides=2, padding="same"),
            *_normalized_convolution(32, padding="same"),
            *_normalized_convolution(64, strides=2, padding="same"),
            *_normalized_convolution(64, padding="same"),
            Flatten(),
            Dropout(rate=0.2),
            Dense(units=DETECTOR_CLASSES, activation="softmax"),
        )
    ),
    # No augmentation: drawings that nobody has made yet are as cheap as changed ones.
    data=Data(handwriting=60_000, doodles=90_000),
    epochs=5,
    optimizer=Adam(learning_rate=0.005),
    schedule=OneCycle(),
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
