"""A recipe as part of a link: compressed JSON in URL-safe letters."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from typing import Any

from pydantic import BaseModel

from core.networks.recipe import MAX_JSON_BYTES, BadRecipe, Recipe, parse_recipe

MAX_LINK = 20_000  # characters; the longest preset takes 400, and browsers refuse addresses of more
_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")
_TAGS = ("kind", "layer", "version")  # needed to read the rest, so written even if they are the default


def to_link(recipe: Recipe) -> str:
    """The recipe as text for `/train?recipe=...`, which `from_link` reads back as an equal recipe.

    URL-safe base64 without padding, of zlib, of JSON with only those settings that are not the default.
    """
    described = json.dumps(_shortened(recipe), separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(described.encode(), 9)).decode().rstrip("=")


def from_link(text: str) -> Recipe:
    """Read what `to_link` wrote.

    Raises:
        BadRecipe: it is damaged, too large, or no recipe.
    """
    if len(text) > MAX_LINK or not _ALPHABET.fullmatch(text):
        raise BadRecipe("This link to a recipe is incomplete. Copy it again, the whole of it.")
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpacking = zlib.decompressobj()
        described = unpacking.decompress(content, MAX_JSON_BYTES)
        is_whole = unpacking.eof and not unpacking.unused_data
    except (binascii.Error, zlib.error):
        is_whole = False
    if not is_whole:
        raise BadRecipe("This link to a recipe is incomplete. Copy it again, the whole of it.")
    try:
        return parse_recipe(described)
    except BadRecipe as problem:
        raise BadRecipe(f"The recipe in this link cannot be used. {problem}") from None


def _shortened(value: Any) -> Any:
    """The value as JSON content, without the fields that have their default."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {name: _shortened(held) for name, held in value if name in _TAGS or held != fields[name].get_default()}
    return [_shortened(held) for held in value] if isinstance(value, tuple) else value
