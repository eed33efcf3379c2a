"""Models that the database could not take: they wait in memory, or wherever there is room, until it can."""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import suppress

from core.files import fallback_files, fallback_folder, write_whole

_log = logging.getLogger("inkling.runs")
_NAME_LENGTH = 32  # hexadecimal digits


def hold_model(run_id: str, model: bytes) -> None:
    """Hold the model of a run, the content of a `.safetensors` file; where there is room nowhere, it is lost."""
    with suppress(OSError):
        write_whole(fallback_folder() / file_name(run_id), model)


def held_model(run_id: str) -> bytes | None:
    """The held model of a run; None where there is none."""
    for path in fallback_files(file_name(run_id)):
        with suppress(OSError):
            return path.read_bytes()
    return None


def drop_model(run_id: str) -> None:
    """Delete the held model of a run, if there is one."""
    for path in fallback_files(file_name(run_id)):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def drop_old_models(days: float) -> None:
    """Delete the models that have been held for more than this many days."""
    for path in fallback_files(f"{'[0-9a-f]' * _NAME_LENGTH}.safetensors"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - 86_400 * days:
                path.unlink(missing_ok=True)
                _log.info("event=culled file=%s", path.name)


def file_name(run_id: str) -> str:
    """The name of a run's file: a hash, because whoever knows the run's id may watch the run."""
    return f"{hashlib.sha256(run_id.encode()).hexdigest()[:_NAME_LENGTH]}.safetensors"
