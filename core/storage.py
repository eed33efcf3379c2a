"""Where Inkling keeps files, how it writes them (whole or not at all) and how it knows that they are undamaged."""

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

from core import config
from core.errors import InklingError

SEAL_BYTES = 32  # of a SHA-256, before what it seals
PROBE_BYTES = 64 * 1024  # that a disk must take to be written to; a database needs that much to be opened
LOCK_SECONDS = 120  # that one process waits for another


class Damaged(InklingError, ValueError):
    """What was kept is not what was written; nothing of it is used."""

    def __init__(self) -> None:
        super().__init__("What was kept of this is damaged on the server's disk and cannot be used. Train it again.")


def home() -> Path:
    """The folder for everything that outlives a process: `INKLING_HOME`, or `.inkling` in the current folder.

    Where that cannot be written to when it is first asked for, a folder in memory or among the temporary files takes
    its place, until the process ends; `home_problem` says so.
    """
    return _usable(config.home())


def home_problem() -> str:
    """Why the folder for everything is not where it was asked to be, in a sentence; "" where it is."""
    if home() == config.home():
        return ""
    return (
        "The server's disk cannot be written to, so runs and drawings are kept for now only, and those of before are "
        "not shown. They are untouched: make room or free the disk, and start Inkling again."
    )


def is_forgetful() -> bool:
    """Whether the disk loses everything at a restart: on Streamlit Community Cloud, or where `INKLING_FORGETS=1`."""
    told = config.forgets()
    return Path.cwd().is_relative_to("/mount/src") if told is None else told


def refuge() -> Path:
    """A folder of this user's for what the disk would not take: in memory where there is such a place.

    Raises:
        OSError: it cannot be made.
    """
    return _refuge_for(config.home())


def in_refuge(name: str) -> Path | None:
    """The file of this name in a refuge, where there is one; nothing is made to look for it."""
    paths = [folder / name for folder in _refuges(config.home()) if _is_ours(folder)]
    return next((path for path in paths if path.is_file()), None)


def all_in_refuge(pattern: str) -> list[Path]:
    """The files in a refuge whose names match, where there is one."""
    return [path for folder in _refuges(config.home()) if _is_ours(folder) for path in folder.glob(pattern)]


@cache
def _refuge_for(wanted: Path) -> Path:
    for folder in _refuges(wanted):
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_ours(folder) and _takes_files(folder):
                return folder
    raise OSError("there is no folder to write to")


def _refuges(wanted: Path) -> list[Path]:
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
    """Write a file so that whoever reads it, whenever, finds the old content or the new, never a part.

    Raises:
        OSError: the disk is full, read-only or gone; an older file is still what it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(6)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):  # the disk may have gone meanwhile; what happened first counts
            temporary.unlink(missing_ok=True)
        raise


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
    """Keep other processes out meanwhile that name the same file.

    A lock of SQLite's: it works on every system, and ends with the process that holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield


@cache
def _usable(folder: Path) -> Path:
    """The folder, or a refuge; decided once, or the runs of a process would lie in two places."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if _takes_files(folder):
        return folder
    with suppress(OSError):
        return refuge()
    return folder


def _takes_files(folder: Path) -> bool:
    try:
        write_whole(folder / "probe", bytes(PROBE_BYTES))
        (folder / "probe").unlink(missing_ok=True)
    except OSError:
        return False
    return True
