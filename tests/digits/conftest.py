"""A small MNIST, and an empty cache of it for each test."""

import hashlib
import io
import urllib.request

import numpy as np
import pytest

from core.digits import dataset, mnist


@pytest.fixture(autouse=True)
def _empty_caches():
    def clear():
        mnist._failed_at.clear()
        for cached in (dataset.load_mnist, dataset.unseen_digits, dataset._first_trained):
            cached.cache_clear()

    clear()
    yield
    clear()


@pytest.fixture
def little_mnist(monkeypatch, tmp_path):
    """A file that is taken for MNIST, as the hashes are those of 700 training and 70 test images, all random."""
    random = np.random.default_rng(3)
    arrays = {
        "x_train": random.integers(0, 256, (700, 28, 28), dtype=np.uint8),
        "y_train": random.integers(0, 10, 700, dtype=np.uint8),
        "x_test": random.integers(0, 256, (70, 28, 28), dtype=np.uint8),
        "y_test": random.integers(0, 10, 70, dtype=np.uint8),
    }
    hashes = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(mnist, "SHA256", hashes)
    monkeypatch.setattr(mnist, "TRAINING_IMAGES", 700)
    monkeypatch.setattr(mnist, "TEST_IMAGES", 70)
    monkeypatch.setattr(mnist, "FIRST_IMAGES", 200)
    first = hashlib.sha256(arrays["x_train"][:200].tobytes()).hexdigest()
    monkeypatch.setattr(mnist, "FIRST_IMAGES_SHA256", first)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    path = tmp_path / "mnist.npz"
    path.write_bytes(content.getvalue())
    return path


@pytest.fixture
def no_download(monkeypatch):
    def refuse(*arguments, **options):
        raise OSError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.delenv("INKLING_MNIST", raising=False)
