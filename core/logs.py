"""The format of log lines: time, level, logger and process id, then the event and its values as key=value."""

from __future__ import annotations

import logging
import sys
import time


class _Lines(logging.Formatter):
    """`2026-01-31T12:00:00.000Z level=INFO from=inkling.runs pid=12 event=queued run=...`."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03dZ level=%(levelname)s from=%(name)s pid=%(process)d %(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )

    def formatException(self, ei: object) -> str:
        """The traceback on lines of its own, indented to tell them from log lines."""
        return "    " + super().formatException(ei).replace("\n", "\n    ")  # type: ignore[arg-type]


def to_stderr() -> None:
    """Write Inkling's log lines to stderr. Calling this again changes nothing."""
    log = logging.getLogger("inkling")
    if log.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
