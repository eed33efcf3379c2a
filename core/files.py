"""Where Inkling keeps files, how it writes them (whole or not at all) and how it checks that they are undamaged."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path

from core import environment
from core.errors import InklingError

SEAL_BYTES = 32  # of a SHA-256, before the content
PROBE_BYTES = 64 * 1024  # that must fit on the disk; a database needs as much to be opened
LOCK_SECONDS = 120  # that a process waits for another one's lock


class Damaged(InklingError, ValueError):
    """What is stored is not what was written; nothing of it is used."""

    def __init__(self) -> None:
        super().__init__("What was kept of this is damaged on the server's disk and cannot be used. Train it again.")


class HomeUnavailable(InklingError):
    """The folder for everything cannot be written to, and another one has taken its place."""

    def __init__(self) -> None:
        super().__init__(
            "The server's disk cannot be written to, so runs and drawings are kept for now only, and earlier ones are "
            "not shown. They are untouched: make the disk writable, and start Inkling again."
        )


def home() -> Path:
    """The folder for everything that outlives a process: `INKLING_HOME`, or `.inkling` in the current folder.

    If that cannot be written to at the first call, a folder in memory or among the temporary files takes its place
    until the process ends; `check_home` says so.
    """
    return _usable(environment.home())


def check_home() -> None:
    """Check that `home` is the folder that was asked for.

    Raises:
        HomeUnavailable: it is not.
    """
    if home() != environment.home():
        raise HomeUnavailable


def is_forgetful() -> bool:
    """Whether the disk loses everything at a restart: `INKLING_FORGETS`, else whether this is Community Cloud."""
    configured = environment.forgets()
    return Path.cwd().is_relative_to("/mount/src") if configured is None else configured


def fallback_folder() -> Path:
    """A folder of this user's for what the disk cannot take, in memory where possible; it is made where it is missing.

    Raises:
        OSError: it cannot be made.
    """
    return _fallback_for(environment.home())


def fallback_files(pattern: str) -> list[Path]:
    """The files in the fallback folder whose names match; none where there is no such folder."""
    return [path for folder in _fallbacks(environment.home()) if _is_ours(folder) for path in folder.glob(pattern)]


@cache
def _fallback_for(wanted: Path) -> Path:
    for folder in _fallbacks(wanted):
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_ours(folder) and _takes_files(folder):
                return folder
    raise OSError("there is no folder to write to")


def _fallbacks(wanted: Path) -> list[Path]:
    mark = hashlib.sha256(str(wanted.absolute()).encode()).hexdigest()[:12]
    return [place / f"inkling-{_user()}-{mark}" for place in (Path("/dev/shm"), Path(tempfile.gettempdir()))]


def _is_ours(folder: Path) -> bool:
    """Whether a folder is one, and was made by this user."""
    with suppress(OSError):
        return folder.is_dir() and not folder.is_symlink() and folder.lstat().st_uid == _user()
    return False


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0  # as Windows says of every file


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that its readers find the old content or the new, never a part.

    Raises:
        OSError: the disk is full, read-only or gone; an older file is unchanged.
    """
    _make_folder(path.parent)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(6)}.part")
    try:
        with temporary.open("xb") as file:
            temporary.chmod(0o777 & temporary.stat().st_mode & path.parent.stat().st_mode)  # as private as its folder
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):  # the disk may have gone meanwhile; the first error counts
            temporary.unlink(missing_ok=True)
        raise


def _make_folder(folder: Path) -> None:
    """Make a folder, as private as the one that it is in."""
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o777 & folder.parent.stat().st_mode, exist_ok=True)


def make_private(path: Path) -> None:
    """Make a file, or one that is there, readable for this user only, as far as that is possible."""
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        path.chmod(0o600)


def sealed(content: bytes) -> bytes:
    """Content with its SHA-256 before it, for `unsealed`."""
    return hashlib.sha256(content).digest() + content


def unsealed(kept: bytes) -> bytes:
    """What `sealed` was given.

    Raises:
        Damaged: it is not what was written.
    """
    content = kept[SEAL_BYTES:]
    if hashlib.sha256(content).digest() != kept[:SEAL_BYTES]:
        raise Damaged
    return content


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let one process in at a time of those that name the same file.

    The lock is SQLite's, which works on every system and ends with its process.
    """
    _make_folder(path.parent)
    make_private(path)
    with closing(sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield


@cache
def _usable(folder: Path) -> Path:
    """The folder, or the fallback folder; decided once, so that a process keeps everything in one place."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)  # what is kept there would tell other users of this machine everything
    if _takes_files(folder):
        return folder
    with suppress(OSError):
        return fallback_folder()
    return folder


def _takes_files(folder: Path) -> bool:
    try:
        write_whole(folder / "probe", bytes(PROBE_BYTES))
        (folder / "probe").unlink(missing_ok=True)
    except OSError:
        return False
    return True
