import io
import json
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from core.digits.dataset import drawn_digits
from core.insight.metrics import accuracy
from core.networks.model import (
    FORMAT,
    MAX_FILE_BYTES,
    PRETRAINED,
    BadModelFile,
    Model,
    _fingerprint,
    load_model,
    pretrained,
    read_model,
    tempered,
)
from core.networks.presets import ACCURATE, FAST, SCRIPT_B
from tests.samples import random_weights

SCORES = pretrained().scores.model_copy(update={"temperature": 1.0})
MODEL = Model(FAST, random_weights(FAST.network), SCORES, "Model: inkling")
CONTENT = MODEL.to_bytes()


LENGTH = int.from_bytes(CONTENT[:8], "little")
HEADER = json.loads(CONTENT[8 : 8 + LENGTH])
METADATA = HEADER["__metadata__"]


def described(change):
    """The model's file with a change to its parsed description, its checksum as it was."""
    description = json.loads(METADATA["model"])
    change(description)
    return save(dict(MODEL.weights), {**METADATA, "model": json.dumps(description)})


def with_weights(**changed):
    """The model's file with other weights, by the last part of their layer's name, and a right checksum."""
    arrays = {**MODEL.weights, **{name.replace("__", "/"): array for name, array in changed.items()}}
    return save(arrays, {**METADATA, "sha256": _fingerprint(METADATA["model"], arrays)})


def announcing(**announced):
    """The model's file with a header that says something else of one of its arrays."""
    header = json.dumps(HEADER | {"dense_1/bias": {**HEADER["dense_1/bias"], **announced}}).encode()
    return struct.pack("<Q", len(header)) + header + CONTENT[8 + LENGTH :]


def zip_bomb():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../../outside.txt", bytes(20_000_000))
    return archive.getvalue()


def test_a_saved_model_is_read_back_as_it_was(random_images):
    read = read_model(CONTENT)
    assert (read.recipe, read.scores, read.summary) == (MODEL.recipe, MODEL.scores, MODEL.summary)
    np.testing.assert_array_equal(read.probabilities(random_images), MODEL.probabilities(random_images))


NO_MODELS = {
    "not a .safetensors": {
        "nothing": b"",
        "a pickle": pickle.dumps(np.zeros(100_000)),
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(1_000_000),
        "a SavedModel": b"\x08\x01\x12\x00saved_model.pb" * 50,
        "a zip bomb with a traversal name": zip_bomb(),
        "bytes": b"\xff" * 200,
        "an enormous header": struct.pack("<Q", 2**63) + b"{}",
        "a header that is a deep list": struct.pack("<Q", 150_000) + b"[" * 150_000,
        "a deep header": struct.pack("<Q", 150_000) + b'{"a":' * 30_000,
    },
    "larger": {"too many bytes": b"\0" * (MAX_FILE_BYTES + 1)},
    "not Inkling's": {"foreign": save({"x": np.zeros(3, np.float32)})},
    "cut short or too long": {"cut": CONTENT[:-1], "half": CONTENT[: len(CONTENT) // 2], "longer": CONTENT + bytes(4)},
    "epochs must be": {"no epochs": described(lambda model: model["recipe"].update(epochs=0))},
    "newer Inkling": {"version": described(lambda model: model["recipe"].update(version=2))},
    "layers.1": {"code": described(lambda model: model["recipe"]["network"]["layers"][0].update(layer="Lambda"))},
    "description is damaged": {
        "no description": save({"x": np.zeros(3, np.float32)}, {"format": FORMAT, "model": "{", "sha256": ""}),
        "images": described(lambda model: model["scores"].update(test_images=10**4000)),
        "seconds": described(lambda model: model["scores"].update(seconds=1e300)),
        "accuracy": described(lambda model: model["scores"].update(test_accuracy=7)),
        "summary": described(lambda model: model.update(summary=[[1]])),
    },
    "checksum": {
        "another recipe": described(lambda model: model["recipe"].update(epochs=2)),
        "better scores": described(lambda model: model["scores"].update(test_accuracy=1.0)),
    },
    "not finite": {"NaN": with_weights(dense_1__bias=np.full(10, np.nan, np.float32))},
    "not numbers": {
        "variances": with_weights(batchnormalization_1__moving_variance=np.full(16, -1, np.float32)),
        "huge": with_weights(dense_1__kernel=np.full_like(MODEL.weights["dense_1/kernel"], 3e38)),
    },
    "do not fit": {
        "another shape": with_weights(dense_1__bias=np.zeros(11, np.float32)),
        "another type": with_weights(dense_1__bias=np.zeros(10, np.float64)),
        "one more": with_weights(extra__kernel=np.zeros(3, np.float32)),
        "a path": with_weights(**{"../../outside": np.zeros(3, np.float32)}),
        "a network that the weights are not of": described(
            lambda model: model["recipe"].update(network=SCRIPT_B.network.model_dump(mode="json"))
        ),
        "a shape of terabytes": announcing(shape=[10**12]),
        "numbers of another type": announcing(dtype="F64"),
        "numbers that lie over others": announcing(data_offsets=[0, 40]),
        "numbers that lie beyond the end": announcing(data_offsets=[2**62, 2**62 + 40]),
        "numbers that lie before the beginning": announcing(data_offsets=[-40, 0]),
    },
}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(content, reason, id=f"{reason}: {name}")
        for reason, files in NO_MODELS.items()
        for name, content in files.items()
    ],
)
@pytest.mark.bad_input(20)
def test_what_is_no_sound_model_is_refused_with_its_reason_and_before_memory_grows(content, reason):
    tracemalloc.start()
    try:
        with pytest.raises(BadModelFile, match=rf"{reason}.*\.$"):
            read_model(content)
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()


def test_the_weights_of_a_read_model_lie_where_the_file_does_and_cannot_be_changed():
    for array in read_model(CONTENT).weights.values():
        assert np.shares_memory(array, np.frombuffer(CONTENT, np.uint8))
        assert not array.flags.writeable


@given(st.integers(0, len(CONTENT) * 8 - 1))
@pytest.mark.bad_input(20)
def test_a_flipped_bit_anywhere_is_noticed(bit):
    damaged = bytearray(CONTENT)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        read = read_model(bytes(damaged))
    except BadModelFile:
        return
    # Nothing but a different spelling of the same JSON may pass.
    assert (read.recipe, read.scores, read.summary) == (MODEL.recipe, MODEL.scores, MODEL.summary)


def test_a_missing_file_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(BadModelFile, match="cannot be read"):
        load_model(tmp_path / "none.safetensors")


def test_the_shipped_model_is_sound_and_brings_its_keras_file():
    model = pretrained()
    # Whoever changes the preset ships a new model, from the seed that the benchmark `accuracy` names.
    assert model.recipe.model_copy(update={"seed": ACCURATE.seed}) == ACCURATE
    assert model.scores.data_source == "mnist"
    assert model.scores.test_accuracy >= 0.995
    assert f"{model.parameters:,}" in model.summary
    assert "Param #" in model.summary  # a line too long for Keras loses its last column
    assert PRETRAINED.with_suffix(".keras").stat().st_size > 4 * model.parameters


def test_the_shipped_models_drawn_accuracy_is_that_on_the_digits_of_today():
    model, drawn = pretrained(), drawn_digits()
    read = model.recipe.network.probabilities(model.weights, drawn.images)
    assert accuracy(read, drawn.labels) == pytest.approx(model.scores.drawn_accuracy, abs=0.0005)


def test_the_temperature_divides_the_logits():
    logits = np.random.default_rng(0).normal(0, 3, (50, 10))

    def softmax(x):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

    np.testing.assert_allclose(tempered(softmax(logits), 2.5), softmax(logits / 2.5), rtol=1e-6)


def test_a_models_answers_are_calibrated_by_its_temperature(random_images):
    hot = Model(FAST, MODEL.weights, SCORES.model_copy(update={"temperature": 3.0}), "")
    np.testing.assert_allclose(hot.probabilities(random_images), tempered(MODEL.probabilities(random_images), 3.0))
    assert read_model(hot.to_bytes()).scores.temperature == 3.0
