import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import files
from core.files import Damaged, sealed, unsealed, write_whole
from core.store.runs import RunStore
from tests.training import tiny


@given(st.binary(max_size=200), st.data())
def test_a_flipped_bit_anywhere_is_detected(content, data):
    kept = sealed(content)
    assert unsealed(kept) == content
    place, bit = data.draw(st.integers(0, len(kept) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(kept)
    flipped[place] ^= 1 << bit
    with pytest.raises(Damaged, match="damaged on the server's disk"):
        unsealed(bytes(flipped))
    with pytest.raises(Damaged):
        unsealed(kept[: place or 1])


@pytest.mark.bad_input(23)
@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_a_failed_write_leaves_the_older_file(broken, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    write_whole(path, b"older")

    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    if broken == "write":
        monkeypatch.setattr(type(path), "open", refuse)
    else:
        monkeypatch.setattr(os, broken, refuse)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"newer")
    monkeypatch.undo()
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.bad_input(22)
def test_threads_that_write_the_same_file_at_once_leave_one_whole_file(tmp_path):
    content, path = bytes(1_000_000), tmp_path / "out" / "mnist.npz"
    writers = [threading.Thread(target=write_whole, args=(path, content)) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.bad_input(23)
def test_an_unwritable_home_is_replaced_by_a_fallback_folder_and_reported(tmp_path, monkeypatch):
    blocked = tmp_path / "file" / "home"
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("INKLING_HOME", str(blocked))
    assert files.home() == files.fallback_folder()
    with pytest.raises(files.HomeUnavailable, match="kept for now only"):
        files.check_home()
    assert files.home().stat().st_mode & 0o077 == 0
    monkeypatch.setenv("INKLING_HOME", str(tmp_path / "good"))
    assert files.home() == tmp_path / "good"
    files.check_home()


def test_a_fallback_folder_of_another_user_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: 4711)  # whoever made the folder is another now
    with pytest.raises(OSError, match="no folder"):
        files.fallback_folder()


def test_a_lock_lets_one_in_at_a_time(tmp_path):
    inside, most = [], []

    def enter():
        with files.one_at_a_time(tmp_path / "lock"):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5


def test_a_forgetful_disk_is_detected_or_configured(monkeypatch):
    assert not files.is_forgetful()
    monkeypatch.setenv("INKLING_FORGETS", "1")
    assert files.is_forgetful()


@pytest.mark.bad_input(39)
@pytest.mark.skipif(os.name == "nt", reason="rights are others there")
def test_nobody_else_on_the_machine_can_read_the_home_or_a_file_in_it(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    (home / "runs.sqlite3").write_bytes(b"")  # as an earlier version left them
    (home / "runs.sqlite3").chmod(0o644)
    monkeypatch.setenv("INKLING_HOME", str(home))
    files.write_whole(files.home() / "cache" / "some.bin", b"1")
    with files.one_at_a_time(files.home() / "engine.lock"):
        store = RunStore(f"sqlite:///{home / 'runs.sqlite3'}")
        store.submit("a" * 64, tiny.RECIPE)
        modes = {path.name: path.stat().st_mode & 0o077 for path in [home, *home.rglob("*")]}
    assert "runs.sqlite3-wal" in modes
    assert not [name for name, mode in modes.items() if mode]
