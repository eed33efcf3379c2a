import hashlib
import http.server
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from core.digits import dataset
from core.digits.dataset import Digits, NoMnist, compared_digits, drawn_digits, load_dataset, load_mnist, mnist_sample
from core.networks.model import pretrained

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _fresh_caches():
    load_mnist.cache_clear()
    dataset._failed_at.clear()
    yield
    load_mnist.cache_clear()
    dataset._failed_at.clear()


@pytest.fixture
def little_mnist(monkeypatch, tmp_path):
    """A file that the code takes for MNIST, as its hashes are told to be those of 7,000 and 70 random images."""
    random = np.random.default_rng(3)
    arrays = {
        "x_train": random.integers(0, 256, (7000, 28, 28), dtype=np.uint8),
        "y_train": random.integers(0, 10, 7000, dtype=np.uint8),
        "x_test": random.integers(0, 256, (70, 28, 28), dtype=np.uint8),
        "y_test": random.integers(0, 10, 70, dtype=np.uint8),
    }
    hashes = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(dataset, "MNIST_SHA256", hashes)
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


def test_mnist_is_found_where_the_environment_says(little_mnist, monkeypatch, no_download):
    monkeypatch.setenv("INKLING_MNIST", str(little_mnist))
    training, test = load_mnist()
    assert (len(training), len(test)) == (7000, 70)


@pytest.mark.parametrize("folder", ["cache", "keras/datasets"])
def test_mnist_is_found_in_inklings_and_in_keras_cache(folder, little_mnist, monkeypatch, tmp_path, no_download):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / folder).mkdir(parents=True)
    little_mnist.rename(tmp_path / folder / "mnist.npz")
    assert len(load_mnist()[0]) == 7000


def test_a_downloaded_mnist_is_kept_for_the_next_time(little_mnist, monkeypatch, tmp_path):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("INKLING_MNIST", raising=False)
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: io.BytesIO(little_mnist.read_bytes()))
    load_mnist()
    assert (tmp_path / "home/cache/mnist.npz").read_bytes() == little_mnist.read_bytes()
    assert [path.name for path in (tmp_path / "home/cache").iterdir()] == ["mnist.npz"]


@pytest.mark.bad_input(21)
@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", None, "cut"])
def test_a_damaged_or_foreign_file_is_not_taken_for_mnist(damage, little_mnist, monkeypatch, no_download):
    if damage is None:
        np.savez_compressed(little_mnist, x_train=np.zeros((3, 28, 28), np.uint8))
    else:
        little_mnist.write_bytes(little_mnist.read_bytes()[:5000] if damage == "cut" else damage)
    monkeypatch.setenv("INKLING_MNIST", str(little_mnist))
    with pytest.raises(NoMnist, match="could not be downloaded"):
        load_mnist()


def with_sample(little_mnist, monkeypatch):
    with np.load(little_mnist) as arrays:
        beginning = arrays["x_train"][: dataset.MNIST_BEGINNING].tobytes()
    monkeypatch.setattr(dataset, "TRAINING_IMAGES", 7000)
    monkeypatch.setattr(dataset, "MNIST_BEGINNING_SHA256", hashlib.sha256(beginning).hexdigest())
    monkeypatch.setenv("INKLING_MNIST", str(little_mnist))


@pytest.mark.parametrize("validation", ["split", "test", "none"])
def test_a_sample_of_mnist_holds_training_images_and_the_whole_is_not_loaded(validation, little_mnist, monkeypatch):
    with_sample(little_mnist, monkeypatch)
    sample = mnist_sample()
    assert load_mnist.cache_info().currsize == 0
    training = load_dataset("mnist", validation=validation).training
    labels = {image.tobytes(): label for image, label in zip(training.images, training.labels, strict=True)}
    assert len(sample) > 50
    assert [labels[image.tobytes()] for image in sample.images] == sample.labels.tolist()


def test_digits_to_compare_with_are_training_images_and_the_whole_is_not_loaded(little_mnist, monkeypatch):
    with_sample(little_mnist, monkeypatch)
    with np.load(little_mnist) as arrays:
        beginning = arrays["x_train"][: dataset.SAMPLE_IMAGES].tobytes()
    monkeypatch.setattr(dataset, "SAMPLE_SHA256", hashlib.sha256(beginning).hexdigest())
    dataset._mnist_training_sample.cache_clear()
    sample, source = compared_digits("mnist")
    dataset._mnist_training_sample.cache_clear()
    assert source == "mnist"
    assert load_mnist.cache_info().currsize == 0
    training = load_dataset("mnist").training
    labels = {image.tobytes(): label for image, label in zip(training.images, training.labels, strict=True)}
    assert [labels[image.tobytes()] for image in sample.images] == sample.labels.tolist()


def test_where_there_is_no_mnist_built_in_digits_are_compared_with_and_none_is_downloaded(no_download, monkeypatch):
    monkeypatch.setattr(dataset, "SAMPLE_IMAGES", 50)
    dataset._mnist_training_sample.cache_clear()
    sample, source = compared_digits("mnist")
    assert (source, len(sample)) == ("handwriting", 50)


@pytest.mark.parametrize("damage", ["nothing there", "cut", "another beginning", "other labels"])
def test_no_sample_is_taken_from_what_is_not_mnist_and_none_is_downloaded(
    damage, little_mnist, monkeypatch, no_download
):
    with_sample(little_mnist, monkeypatch)
    if damage == "nothing there":
        little_mnist.unlink()
    elif damage == "cut":
        little_mnist.write_bytes(little_mnist.read_bytes()[:5000])
    elif damage == "another beginning":
        monkeypatch.setattr(dataset, "MNIST_BEGINNING_SHA256", "0" * 64)
    else:
        monkeypatch.setitem(dataset.MNIST_SHA256, "y_train", "0" * 64)
    with pytest.raises(NoMnist, match="not on this machine yet"):
        mnist_sample()


def test_an_archive_that_unpacks_to_more_than_mnist_is_refused_unread(little_mnist, monkeypatch, no_download):
    monkeypatch.setattr(dataset, "MNIST_BYTES", 1_000_000)
    monkeypatch.setenv("INKLING_MNIST", str(little_mnist))
    with pytest.raises(NoMnist):
        load_mnist()


@pytest.mark.bad_input(21)
def test_without_mnist_the_built_in_handwriting_is_used_and_said_so(no_download):
    data = load_dataset("mnist")
    assert data.source == "handwriting"
    assert "built-in handwriting instead" in data.notice
    assert (len(data.training), len(data.validation), len(data.test)) == (55_000, 5_000, 10_000)


@pytest.mark.bad_input(21)
def test_a_proxy_that_accepts_and_says_nothing_costs_a_few_seconds_at_most(monkeypatch):
    monkeypatch.delenv("INKLING_MNIST", raising=False)
    monkeypatch.setattr(dataset, "PIECE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(dataset, "MNIST_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/mnist.npz")
        began = time.monotonic()
        with pytest.raises(NoMnist):
            load_mnist()
        assert time.monotonic() - began < 3


def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for(monkeypatch):
    monkeypatch.delenv("INKLING_MNIST", raising=False)
    monkeypatch.setattr(dataset, "PIECE_SECONDS", 0.3)
    is_over = threading.Event()

    def trickle(server):
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            while not is_over.wait(0.05):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = threading.Thread(target=trickle, args=(server,))
        sender.start()
        monkeypatch.setattr(dataset, "MNIST_URL", f"http://127.0.0.1:{server.getsockname()[1]}/mnist.npz")
        began = time.monotonic()
        with pytest.raises(NoMnist):
            load_mnist()
        assert time.monotonic() - began < 3
        is_over.set()
        sender.join()


@pytest.mark.bad_input(21)
def test_a_download_that_stops_midway_is_given_up_and_not_tried_again_for_a_while(monkeypatch):
    monkeypatch.delenv("INKLING_MNIST", raising=False)
    monkeypatch.setattr(dataset, "PIECE_SECONDS", 0.3)
    is_over = threading.Event()

    def begin(server):
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + bytes(200_000))
            is_over.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = threading.Thread(target=begin, args=(server,))
        sender.start()
        monkeypatch.setattr(dataset, "MNIST_URL", f"http://127.0.0.1:{server.getsockname()[1]}/mnist.npz")
        for most in (3, 0.3):
            began = time.monotonic()
            with pytest.raises(NoMnist):
                load_mnist()
            assert time.monotonic() - began < most
        is_over.set()
        sender.join()


@pytest.mark.parametrize(
    "reply", [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nxy"]
)
def test_a_server_that_talks_nonsense_is_no_source_of_mnist(reply, monkeypatch):
    monkeypatch.delenv("INKLING_MNIST", raising=False)

    def answer(server):
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = threading.Thread(target=answer, args=(server,))
        sender.start()
        monkeypatch.setattr(dataset, "MNIST_URL", f"http://127.0.0.1:{server.getsockname()[1]}/mnist.npz")
        with pytest.raises(NoMnist):
            load_mnist()
        sender.join()


@pytest.mark.bad_input(21)
def test_a_flipped_bit_anywhere_in_the_file_is_noticed_and_nothing_else_is_raised(
    little_mnist, monkeypatch, no_download
):
    content = little_mnist.read_bytes()
    original = dataset._parsed(content)
    random = np.random.default_rng(5)
    for place in (*random.integers(0, len(content), 300), *range(len(content) - 200, len(content))):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(random.integers(8))
        try:
            training, test = dataset._parsed(bytes(damaged))
        except ValueError:
            continue
        np.testing.assert_array_equal(training.images, original[0].images)  # a bit that means nothing, as in a date
        np.testing.assert_array_equal(test.labels, original[1].labels)


@pytest.mark.skipif(not os.environ.get("INKLING_MNIST"), reason="INKLING_MNIST names no copy of MNIST")
def test_the_real_mnist_is_recognised_and_the_shipped_model_reads_it():
    _, test = load_mnist()
    right = pretrained().probabilities(test.images[:2000]).argmax(axis=1) == test.labels[:2000]
    assert right.mean() > 0.98


DOWNLOAD = """
import json, sys
from core.digits import dataset
dataset.MNIST_URL, dataset.MNIST_SHA256 = sys.argv[1], json.loads(sys.argv[2])
training, test = dataset.load_mnist()
print(len(training), len(test))
"""


@pytest.mark.bad_input(22)
def test_two_processes_that_download_at_once_leave_one_whole_file(little_mnist, tmp_path):
    content, both_are_here = little_mnist.read_bytes(), threading.Barrier(2)

    class Source(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            both_are_here.wait(60)
            self.send_response(200)
            self.end_headers()
            for start in range(0, len(content), 100_000):
                self.wfile.write(content[start : start + 100_000])

        def log_message(self, *said):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source) as source:
        threading.Thread(target=source.serve_forever, daemon=True).start()
        url, home = f"http://127.0.0.1:{source.server_port}/mnist.npz", tmp_path / "home"
        own = {"INKLING_HOME": str(home), "KERAS_HOME": str(home / "keras"), "INKLING_MNIST": ""}
        command = [sys.executable, "-c", DOWNLOAD, url, json.dumps(dataset.MNIST_SHA256)]
        both = [
            subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        assert [process.communicate(timeout=120)[0] for process in both] == ["7000 70\n"] * 2
        source.shutdown()
    assert [path.name for path in (home / "cache").iterdir()] == ["mnist.npz"]
    assert (home / "cache" / "mnist.npz").read_bytes() == content


@pytest.mark.bad_input(22)
def test_two_threads_that_write_at_once_leave_one_whole_file(little_mnist, tmp_path, monkeypatch):
    from core.storage import write_whole

    content = little_mnist.read_bytes()
    target = tmp_path / "out" / "mnist.npz"
    writers = [threading.Thread(target=write_whole, args=(target, content)) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert target.read_bytes() == content
    assert list(target.parent.iterdir()) == [target]


def test_what_is_asked_for_as_handwriting_needs_no_notice():
    data = load_dataset("handwriting", "quick")
    assert data.source == "handwriting"
    assert data.notice == ""
    assert (len(data.training), len(data.validation)) == (8_000, 2_000)


def test_a_split_holds_out_the_same_images_every_time_with_each_digit_in_its_share():
    first, again = (load_dataset("handwriting", "full", "split") for _ in range(2))
    np.testing.assert_array_equal(first.validation.images, again.validation.images)
    assert np.bincount(first.validation.labels).min() > 480
    assert np.bincount(first.validation.labels).max() < 520


def test_no_validation_image_is_trained_on():
    data = load_dataset("handwriting", "quick", "split")
    seen = {image.tobytes() for image in data.training.images}
    everything = load_dataset("handwriting", "quick", "none").training
    held_out = {image.tobytes() for image in data.validation.images}
    assert seen | held_out == {image.tobytes() for image in everything.images}
    assert len(seen & held_out) <= 2  # two people may write the very same pixels


def test_script_a_is_validated_on_the_test_set_and_script_b_not_at_all():
    assert load_dataset("handwriting", "full", "test").validation is load_dataset("handwriting", "full", "test").test
    assert load_dataset("handwriting", "full", "none").validation is None
    assert len(load_dataset("handwriting", "full", "none").training) == 60_000


def test_the_images_are_shared_read_only():
    digits: Digits = load_dataset("handwriting", "quick").training
    assert digits.images.dtype == digits.labels.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        digits.images[0, 0, 0] = 1


def test_built_in_digits_are_mixed_into_the_training_images_only():
    plain, mixed = load_dataset("handwriting", "quick"), load_dataset("handwriting", "quick", handwriting=500)
    assert len(mixed.training) == len(plain.training) + 500
    np.testing.assert_array_equal(mixed.training.images[:-500], plain.training.images)
    np.testing.assert_array_equal(mixed.validation.images, plain.validation.images)
    np.testing.assert_array_equal(mixed.test.images, plain.test.images)
    assert not {image.tobytes() for image in mixed.training.images[-500:]} & {i.tobytes() for i in plain.test.images}


def test_doodles_are_mixed_into_all_images_with_labels_of_their_own_and_none_twice():
    plain, mixed = load_dataset("handwriting", "quick"), load_dataset("handwriting", "quick", doodles=300)
    sets = []
    for before, after in zip(*((d.training, d.validation, d.test) for d in (plain, mixed)), strict=True):
        added = after[len(before) :]
        assert len(added) == 300
        assert set(added.labels) == {10, 11, 12}
        sets.append({image.tobytes() for image in added.images})
    assert len(set.union(*sets)) > 890


def test_no_drawn_digit_is_among_those_that_are_trained_on():
    drawn = {image.tobytes() for image in drawn_digits().images}
    assert len(drawn) > 4_990
    trained_on = load_dataset("handwriting", handwriting=10_000).training
    assert not drawn & {image.tobytes() for image in trained_on.images}


def test_the_test_digits_are_read_without_the_training_images_and_are_the_same(little_mnist, monkeypatch):
    monkeypatch.setattr(dataset, "TEST_IMAGES", 70)
    monkeypatch.setenv("INKLING_MNIST", str(little_mnist))
    dataset.unseen_digits.cache_clear()
    alone = dataset.unseen_digits("mnist")
    dataset.unseen_digits.cache_clear()
    assert load_mnist.cache_info().currsize == 0
    np.testing.assert_array_equal(alone.images, load_mnist()[1].images)
    np.testing.assert_array_equal(alone.labels, load_mnist()[1].labels)


@pytest.mark.parametrize("name", ["x_test", "y_test"])
def test_what_is_not_mnists_test_set_is_not_taken_for_it(name, little_mnist, monkeypatch, no_download):
    monkeypatch.setattr(dataset, "TEST_IMAGES", 70)
    monkeypatch.setenv("INKLING_MNIST", str(little_mnist))
    monkeypatch.setitem(dataset.MNIST_SHA256, name, "0" * 64)
    dataset.unseen_digits.cache_clear()
    with pytest.raises(NoMnist):
        dataset.unseen_digits("mnist")


def test_the_training_sample_is_the_beginning_of_the_training_images(little_mnist, monkeypatch):
    with_sample(little_mnist, monkeypatch)
    np.testing.assert_array_equal(dataset.training_sample("mnist").images, load_mnist()[0].images[:1000])


def test_built_in_digits_to_train_and_to_test_on_are_those_of_the_data_set():
    data = load_dataset("handwriting", validation="none")
    test, beginning = dataset.unseen_digits("handwriting"), dataset.training_sample("handwriting")
    np.testing.assert_array_equal(test.images, data.test.images)
    np.testing.assert_array_equal(test.labels, data.test.labels)
    trained_on = {image.tobytes() for image in data.training.images}
    assert all(image.tobytes() in trained_on for image in beginning.images)
