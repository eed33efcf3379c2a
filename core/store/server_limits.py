"""What this server allows. Each limit has a default here and an environment variable (`INKLING_MAX_EPOCHS`)."""

from __future__ import annotations

from pydantic import Field, ValidationError

from core import environment
from core.digits.mnist import TRAINING_IMAGES
from core.errors import InklingError
from core.networks.network import MAX_PARAMETERS
from core.networks.recipe import MAX_EPOCHS, MAX_HANDWRITING, Recipe
from core.value import Value

MOST_IMAGES = TRAINING_IMAGES + MAX_HANDWRITING


class BadLimit(InklingError, ValueError):
    """A limit in the environment is not a valid number; the message names it and its range."""


class OverLimit(InklingError):
    """What was asked for is more than this server allows; the message names the limit."""


class Limits(Value):
    """What this server allows. Each limit is set by `INKLING_MAX_` and its name in capitals."""

    epochs: int = Field(MAX_EPOCHS, ge=1, le=MAX_EPOCHS, description="epochs of a run")
    images: int = Field(MOST_IMAGES, ge=10_000, le=MOST_IMAGES, description="images that a run learns from")
    parameters: int = Field(MAX_PARAMETERS, ge=10, le=MAX_PARAMETERS, description="parameters of a network")
    seconds: int = Field(21_600, ge=5, le=10**7, description="seconds of training in a run; then it is stopped")
    active_runs: int = Field(3, ge=1, le=100, description="runs of a workspace that wait or train")
    queue: int = Field(200, ge=1, le=10_000, description="runs that wait, of all workspaces")
    runs: int = Field(200, ge=1, le=100_000, description="runs that a workspace keeps")
    days: int = Field(365, ge=1, le=36_500, description="days that a run is kept")
    workspace_megabytes: int = Field(1_000, ge=1, le=10**7, description="megabytes of a workspace's runs")
    megabytes: int = Field(5_000, ge=10, le=10**7, description="megabytes of all runs; then the oldest go")


def limits() -> Limits:
    """The limits in force.

    Raises:
        BadLimit: one in the environment is not a number within its range.
    """
    given = {name: environment.limit(name) for name in Limits.model_fields}
    try:
        # Text that is no number is handed on as it is, for pydantic to refuse.
        return Limits.model_validate({name: _number(text) for name, text in given.items() if text})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        bounds = {type(bound).__name__: bound for bound in Limits.model_fields[name].metadata}
        raise BadLimit(
            f"{variable(name)} must be a whole number from {bounds['Ge'].ge:,} to {bounds['Le'].le:,}, "
            f"not {given[name][:40]!r}. Correct it where the server is started, or leave it out."
        ) from None


def variable(name: str) -> str:
    """The environment variable that sets a limit."""
    return environment.LIMIT_PREFIX + name.upper()


def check(recipe: Recipe, allowed: Limits | None = None) -> None:
    """Check that a recipe keeps to the limits, by default those in force.

    Raises:
        OverLimit: it does not.
        BadLimit: as `limits`.
    """
    allowed = allowed or limits()
    for name, wanted, what in (
        ("epochs", recipe.epochs, "epochs"),
        ("images", recipe.data.images, "images to learn from"),
        ("parameters", recipe.network.parameters, "parameters"),
    ):
        most = getattr(allowed, name)
        if wanted > most:
            raise OverLimit(f"This server allows {most:,} {what}, and not {wanted:,}.")


def limits_sentence(allowed: Limits) -> str:
    """A sentence with the limits that are tighter than Inkling's defaults; "" where none is."""
    own = Limits()
    tight = [
        f"{getattr(allowed, name):,} {info.description}"
        for name, info in Limits.model_fields.items()
        if getattr(allowed, name) < getattr(own, name)
    ]
    return f"This server's limits: at most {'; '.join(tight)}." if tight else ""


def _number(text: str) -> int | str:
    try:
        return int(text.replace("_", "").replace(",", ""))
    except ValueError:
        return text
