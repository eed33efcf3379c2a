"""The base of every value that comes from outside: recipes, networks, layers, limits."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value that accepts neither unknown fields nor NaN, and takes 1.5 or True for no integer."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
