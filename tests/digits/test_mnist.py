"""MNIST is found or downloaded whole, a damaged or foreign file is never taken for it, and no server holds a run up."""

import io
import os
import socket
import threading
import time
import urllib.request
from contextlib import contextmanager

import numpy as np
import pytest

from core.digits import mnist
from core.digits.mnist import NoMnist
from core.networks.model import pretrained


@pytest.mark.parametrize("folder", ["named", "cache", "keras/datasets"])
def test_mnist_is_found_where_the_environment_says_and_in_inklings_and_keras_caches(
    folder, little_mnist, monkeypatch, tmp_path, no_download
):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("INKLING_MNIST", str(tmp_path / "named/mnist.npz"))
    (tmp_path / folder).mkdir(parents=True)
    little_mnist.rename(tmp_path / folder / "mnist.npz")
    training, test = mnist.load()
    assert [len(array) for array in (*training, *test)] == [700, 700, 70, 70]


@pytest.mark.skipif(not os.environ.get("INKLING_MNIST"), reason="INKLING_MNIST names no copy of MNIST")
def test_the_real_mnist_is_recognised_and_the_shipped_model_reads_it():
    _, (images, labels) = mnist.load()
    assert (pretrained().probabilities(images[:500]).argmax(axis=1) == labels[:500]).mean() > 0.98


# Files that are not MNIST


@pytest.mark.bad_input(21)
@pytest.mark.parametrize(
    "damage", ["gone", "empty", "no archive", "foreign", "cut", "large", "other images", "other labels"]
)
def test_a_damaged_or_foreign_file_is_not_taken_for_mnist_or_a_part_of_it(
    damage, little_mnist, monkeypatch, no_download
):
    monkeypatch.setenv("INKLING_MNIST", str(little_mnist))
    whole = little_mnist.read_bytes()
    if damage == "gone":
        little_mnist.unlink()
    elif damage == "foreign":
        np.savez_compressed(little_mnist, x_train=np.zeros((3, 28, 28), np.uint8))
    elif damage == "large":
        monkeypatch.setattr(mnist, "MAX_BYTES", 100_000)
    elif damage.startswith("other"):
        monkeypatch.setattr(mnist, "FIRST_IMAGES_SHA256", "0" * 64)
        names = ("x_train", "x_test") if damage == "other images" else ("y_train", "y_test")
        monkeypatch.setattr(mnist, "SHA256", mnist.SHA256 | dict.fromkeys(names, "0" * 64))
    else:
        little_mnist.write_bytes({"empty": b"", "no archive": b"PK\x03\x04 no archive", "cut": whole[:5000]}[damage])
    with pytest.raises(NoMnist, match="could not be downloaded"):
        mnist.load()
    for read in (mnist.read_first_images, mnist.read_test_images) if damage != "large" else ():
        with pytest.raises(NoMnist, match="not on this machine yet"):
            read()


@pytest.mark.bad_input(21)
def test_a_flipped_bit_anywhere_in_the_file_is_noticed_and_nothing_else_is_raised(little_mnist):
    content = little_mnist.read_bytes()
    training, test = mnist._parse(content)
    random = np.random.default_rng(5)
    for position in (*random.integers(0, len(content), 300), *range(len(content) - 200, len(content))):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(random.integers(8))
        try:
            found_training, found_test = mnist._parse(bytes(damaged))
        except ValueError:
            continue
        np.testing.assert_array_equal(found_training[0], training[0])  # a bit that means nothing, as in a date
        np.testing.assert_array_equal(found_test[1], test[1])


def test_parts_are_those_of_the_whole(little_mnist, monkeypatch):
    monkeypatch.setenv("INKLING_MNIST", str(little_mnist))
    training, test = mnist.load()
    first_images, training_labels = mnist.read_first_images()
    images, labels = mnist.read_test_images()
    np.testing.assert_array_equal(first_images, training[0][:200])
    np.testing.assert_array_equal(training_labels, training[1])
    np.testing.assert_array_equal(images, test[0])
    np.testing.assert_array_equal(labels, test[1])


# Downloads


def test_a_downloaded_mnist_is_kept_for_the_next_time(little_mnist, monkeypatch, tmp_path):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("INKLING_MNIST", raising=False)
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: io.BytesIO(little_mnist.read_bytes()))
    mnist.load()
    assert (tmp_path / "home/cache/mnist.npz").read_bytes() == little_mnist.read_bytes()
    assert [path.name for path in (tmp_path / "home/cache").iterdir()] == ["mnist.npz"]


@contextmanager
def server_that(answers, monkeypatch):
    """A server that does this with the first connection, given a socket and an event that ends the test."""
    monkeypatch.delenv("INKLING_MNIST", raising=False)
    is_over = threading.Event()

    def answer(server):
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            answers(connection, is_over)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        monkeypatch.setattr(mnist, "URL", f"http://127.0.0.1:{server.getsockname()[1]}/mnist.npz")
        try:
            yield
        finally:
            is_over.set()
            thread.join()


def say_nothing(connection, is_over):
    is_over.wait(30)


def send_a_byte_now_and_then(connection, is_over):
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    while not is_over.wait(0.05):
        connection.sendall(b"x")


def stop_midway(connection, is_over):
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + bytes(200_000))
    is_over.wait(30)


@pytest.mark.bad_input(21)
@pytest.mark.parametrize("answers", [say_nothing, send_a_byte_now_and_then, stop_midway])
def test_a_server_that_hangs_costs_a_few_seconds_at_most_and_is_left_alone_for_a_while(answers, monkeypatch):
    monkeypatch.setattr(mnist, "CHUNK_SECONDS", 0.3)
    with server_that(answers, monkeypatch):
        for most in (3, 0.3):
            began = time.monotonic()
            with pytest.raises(NoMnist):
                mnist.load()
            assert time.monotonic() - began < most


@pytest.mark.parametrize(
    "reply", [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nxy"]
)
def test_a_server_that_talks_nonsense_is_no_source_of_mnist(reply, monkeypatch):
    with server_that(lambda connection, _: connection.sendall(reply), monkeypatch), pytest.raises(NoMnist):
        mnist.load()
