"""The preview of an augmentation on Train."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from core.digits.augmentation import Augmentation
from core.digits.dataset import Digits
from pages.components.train import augmentation_preview
from tests.pages.harness import (
    buttons,
    choose_preset,
    data_of,
    opened,
    set_state,
    texts,
)


@pytest.fixture
def mnist_here(monkeypatch):
    """MNIST is on this machine; its digits are all black but for their label's row."""
    images = np.full((82, 28, 28), 255, np.uint8)
    labels = (np.arange(82) % 10).astype(np.uint8)
    monkeypatch.setattr(augmentation_preview, "_mnist", lambda: Digits(images, labels))


def opened_group(preset="fast"):
    return set_state(choose_preset(opened("train"), preset), group_data=True)


def strip_of(app):
    """The preview's images: (rows, columns, 28, 28)."""
    data = data_of(app, "thumbnails", "augmentation_preview")
    strip = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image"].partition(",")[2]))))[..., 1]
    assert strip.shape[1] == len(data["words"]) * 28
    return np.stack(np.split(strip, strip.shape[1] // 28, axis=1)).reshape(-1, data["columns"], 28, 28)


def test_the_preview_is_drawn_only_while_its_group_is_open():
    app = opened("train")
    assert data_of(app, "thumbnails", "augmentation_preview") is None
    assert "other_images" not in buttons(app)
    assert strip_of(opened_group()).shape == (4, 6, 28, 28)


def test_each_switch_changes_the_variants_and_never_the_originals():
    app = opened_group()
    before = strip_of(app)
    assert (before == before[:, :1]).all()
    assert "All is off" in texts(app)
    for switch in Augmentation.model_fields:
        app.toggle(key=f"recipe_augmentation_{switch}_on").set_value(True).run()
        after = strip_of(app)
        np.testing.assert_array_equal(after[:, 0], before[:, 0])
        assert (after[:, 1:] != before[:, 1:]).any(axis=(2, 3)).mean() > 0.7
        before = after
    assert "Validation and test images are never changed." in texts(app)
    wider = app.slider(key="recipe_augmentation_rotation")
    wider.set_value(wider.max).run()
    assert (strip_of(app) != before).any()


def test_other_images_are_shown_on_request_only():
    app = opened_group("accurate")
    first = strip_of(app)
    app.run()
    np.testing.assert_array_equal(strip_of(app), first)
    app.button(key="other_images").click().run()
    assert not np.array_equal(strip_of(app)[:, 0], first[:, 0])


@pytest.mark.usefixtures("mnist_here")
def test_built_in_digits_that_are_mixed_in_are_marked_among_the_originals():
    app = opened_group()
    for mixed, built_in in ((0, 0), (10_000, 1), (60_000, 2)):
        app.number_input(key="recipe_data_handwriting").set_value(mixed).run()
        data = data_of(app, "thumbnails", "augmentation_preview")
        assert data["words"][::6] == ["MNIST"] * (4 - built_in) + ["built-in"] * built_in
        assert sum("(built-in)" in alt for alt in data["alt"]) == built_in


@pytest.mark.usefixtures("no_mnist")
def test_without_mnist_built_in_digits_stand_in_and_nothing_is_downloaded():
    app = opened_group()
    assert "MNIST is not on this machine yet. Built-in digits stand in for it here." in texts(app)
    assert data_of(app, "thumbnails", "augmentation_preview")["words"][::6] == ["built-in"] * 4


def test_while_the_recipe_cannot_be_used_there_is_no_preview_and_no_second_error():
    app = opened_group()
    app.number_input(key="recipe_epochs").set_value(0).run()
    assert len(app.error) == 1
    assert "other_images" not in buttons(app)
