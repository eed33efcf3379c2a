"""Where Inkling keeps files, and how it writes them: whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def home() -> Path:
    """The folder for everything that outlives a process: `INKLING_HOME`, or `.inkling` in the current folder."""
    return Path(os.environ.get("INKLING_HOME") or ".inkling")


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
        temporary.unlink(missing_ok=True)
        raise
