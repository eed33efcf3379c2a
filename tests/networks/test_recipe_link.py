import base64
import json
import string
import zlib
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.networks.presets import FAST, PRESETS
from core.networks.recipe import (
    MAX_JSON_BYTES,
    SGD,
    Adam,
    AdamW,
    BadRecipe,
    Constant,
    Cosine,
    Data,
    EarlyStopping,
    OneCycle,
    PeriodicCheckpoint,
    ReduceLROnPlateau,
    RMSprop,
)
from core.networks.recipe_link import MAX_LINK, from_link, to_link

# Script A with two epochs: old links must be read as long as recipes are of version 1.
OLD_LINK = (
    "eNq9kLsKwkAQRX9Fpt7CRLFIJwY7QbAUkTGZmMXNbtidxGjIv7tGxVdjZTfce-4ppoWarJNGQxQI0FgQRLBKrCx5MAWfEB-NPUDU"
    "gsKTRyFa308Pzoyuw9hjmVTcl6NQACYsa-ReCpZUBZ14bhbYLI1RUu_98rX4lk3Gf5XNFTKTfsti0o68ptKSf5J8DILhx8CZjAts"
    "oNt0AlJkvL62RiXTB8Hk2Cthh5zkWyfPdHsrlSbJvTLsLmFokMQ"
)


def packed(content):
    return base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


def changed(**settings):
    return FAST.model_copy(update=settings)


RECIPES = [
    *PRESETS.values(),
    *(changed(optimizer=kind(learning_rate=0.3)) for kind in (Adam, AdamW, SGD, RMSprop)),
    *(changed(schedule=kind()) for kind in (Constant, OneCycle, Cosine, ReduceLROnPlateau)),
    changed(data=Data(source="handwriting", size="quick", validation="test", handwriting=60_000), seed=2**31 - 1),
    changed(early_stopping=EarlyStopping(patience=9), checkpoint=PeriodicCheckpoint(epochs=7), l2=1e-9),
]


@given(st.sampled_from(RECIPES), st.text(min_size=1, max_size=60))
def test_a_recipe_is_read_back_from_its_link_which_is_short_and_url_safe(recipe, name):
    recipe = recipe.model_copy(update={"name": name})
    link = to_link(recipe)
    assert from_link(link) == recipe
    assert set(link) <= set(string.ascii_letters + string.digits + "-_")
    assert len(link) < 900


def test_an_old_link_is_still_read():
    assert from_link(OLD_LINK) == PRESETS["script-a"].model_copy(update={"epochs": 2})


@given(st.text(max_size=60) | st.binary(max_size=60).map(packed) | st.text(max_size=60).map(str.encode).map(packed))
@example("")
@example("A" * (MAX_LINK + 1))
@example(packed(b"[" * 90_000))
@example(packed(b"{}"))
@example(packed(json.dumps({"version": 2}).encode()))
@example(to_link(FAST)[:-3])
@example(to_link(FAST) + "=")
@example(to_link(FAST) + "AAAA")
def test_anything_else_is_refused_in_plain_words(text):
    with pytest.raises(BadRecipe) as refusal:
        from_link(text)
    assert "link" in str(refusal.value)
    assert str(refusal.value).endswith(".")


@pytest.mark.bad_input(17)
def test_a_decompression_bomb_is_refused_before_it_unfolds():
    bomb = packed(b" " * (10 * MAX_JSON_BYTES))
    assert len(bomb) < MAX_LINK
    with pytest.raises(BadRecipe, match="incomplete"):
        from_link(bomb)


@given(st.data())
def test_a_damaged_link_is_no_recipe_or_the_right_one(data):
    link = to_link(FAST)
    index = data.draw(st.integers(0, len(link) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters))
    with suppress(BadRecipe):
        assert from_link(link[:index] + letter + link[index + 1 :]) == FAST
