import base64
import json
import string
import zlib
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.digits.augmentation import Augmentation
from core.networks.layers import Conv2D, Dense, Dropout, Flatten
from core.networks.network import Network
from core.networks.presets import FAST, PRESETS
from core.networks.recipe import (
    MAX_JSON_BYTES,
    SGD,
    Adam,
    AdamW,
    BadRecipe,
    BestCheckpoint,
    Constant,
    Cosine,
    Data,
    EarlyStopping,
    OneCycle,
    PeriodicCheckpoint,
    Recipe,
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


@st.composite
def networks(draw):
    convolution = Conv2D(filters=draw(st.integers(1, 8)), kernel_size=draw(st.integers(1, 5)), activation="relu")
    rate = draw(st.floats(0, 0.9))
    return Network(layers=(convolution, Flatten(), Dropout(rate=rate), Dense(units=10, activation="softmax")))


RECIPES = st.builds(
    Recipe,
    name=st.text(min_size=1, max_size=60),
    network=networks(),
    data=st.builds(Data, size=st.sampled_from(["full", "quick"]), handwriting=st.integers(0, 60_000)),
    batch_size=st.integers(1, 4096),
    epochs=st.integers(1, 200),
    optimizer=st.one_of(st.builds(kind, learning_rate=st.floats(1e-6, 10)) for kind in (Adam, AdamW, SGD, RMSprop)),
    schedule=st.one_of(st.builds(kind) for kind in (Constant, OneCycle, Cosine, ReduceLROnPlateau)),
    l2=st.floats(0, 0.1),
    augmentation=st.builds(Augmentation, rotation=st.floats(0, 45), elastic=st.floats(0, 4)),
    early_stopping=st.none() | st.builds(EarlyStopping, patience=st.integers(1, 100)),
    checkpoint=st.none() | st.builds(BestCheckpoint) | st.builds(PeriodicCheckpoint, epochs=st.integers(1, 200)),
    seed=st.integers(0, 2**31 - 1),
)


@given(RECIPES)
@example(FAST)
def test_a_recipe_is_read_back_from_its_link_which_is_url_safe(recipe):
    link = to_link(recipe)
    assert from_link(link) == recipe
    assert set(link) <= set(string.ascii_letters + string.digits + "-_")
    assert len(link) <= MAX_LINK


@pytest.mark.parametrize("preset", PRESETS)
def test_a_presets_link_is_short(preset):
    assert from_link(to_link(PRESETS[preset])) == PRESETS[preset]
    assert len(to_link(PRESETS[preset])) < 600


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
