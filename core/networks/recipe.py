"""Recipe: what to train and how, as one frozen value.

A recipe is checked when it is made, before anything is built, and travels as JSON. Its ranges and explanations are
written here once; pages and commands read them from here.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, Field, ValidationError, model_validator

from core.digits.augmentation import Augmentation
from core.digits.dataset import QUICK_IMAGES
from core.digits.mnist import TRAINING_IMAGES
from core.errors import InklingError
from core.networks.layers import Layer
from core.networks.network import Network
from core.value import Value

MAX_STEP_MULTIPLY_ADDS = 15_000_000_000  # such a step takes two seconds, and Stop takes effect between steps only
MAX_HANDWRITING = 60_000  # images, as many as MNIST has; 47 MB, and a quarter of a minute to make on two cores
MAX_EPOCHS = 200
MAX_JSON_BYTES = 100_000  # the largest preset takes 3 kB
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

    @model_validator(mode="before")
    @classmethod
    def _without_doodles(cls, values: Any) -> Any:
        """Drop a setting that only the detector's recipe ever used; earlier versions wrote it into every recipe."""
        if isinstance(values, dict) and "doodles" in values:
            if values["doodles"] != 0:
                raise ValueError("This recipe sorts drawings and reads no digits (data.doodles): choose another one.")
            values = {name: value for name, value in values.items() if name != "doodles"}
        return values

    @property
    def images(self) -> int:
        """How many are learned from, with those that are held back to validate on."""
        return {"full": TRAINING_IMAGES, "quick": QUICK_IMAGES}[self.size] + self.handwriting


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


# The values inside a recipe, by the tag or the field under which pydantic reports their errors.
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
    try:
        return _parsed(source)
    except RecursionError:
        raise BadRecipe("The recipe is nested too deep. Use a file that Inkling wrote.") from None


def _parsed(source: str | bytes | dict[str, Any]) -> Recipe:
    if not isinstance(source, dict):
        if len(source) > MAX_JSON_BYTES:
            raise BadRecipe(f"The recipe is larger than {MAX_JSON_BYTES // 1000} kB. Use a file that Inkling wrote.")
        try:
            source = json.loads(source)
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
        if "recursion limit" in error.errors()[0]["msg"]:
            raise RecursionError from None
        raise BadRecipe(_explained(error)) from None
    except (TypeError, ValueError):
        raise BadRecipe("This is not a recipe: it holds something that JSON cannot say.") from None


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
        setting = ".".join(str(part + 1 if isinstance(part, int) else part) for part in problem["loc"]) or "recipe"
        setting = "".join(filter(str.isprintable, setting))[:80]  # a key may hold any text
        allowed = _allowed_range(problem["loc"])
        if problem["type"] in _PLAIN_WORDS:
            allowed = _PLAIN_WORDS[problem["type"]]
        elif not allowed:
            allowed = problem["msg"].replace("Input should", "must").replace("Tuple should", "must")
        given = repr(problem["input"])
        sentences.append(f"{setting} {allowed}." if len(given) > 40 else f"{setting} {allowed}, not {given}.")
    return " ".join(sentences)


def _allowed_range(path: tuple[int | str, ...]) -> str:
    """The range of a number in a recipe ("must be a whole number from 1 to 200"); "" if the setting is no number."""
    names = [part for part in path if isinstance(part, str)]
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
