"""Every environment variable that Inkling reads, each when it is asked for: hosts and tests may set it late."""

from __future__ import annotations

import os
from pathlib import Path

LIMIT_PREFIX = "INKLING_MAX_"  # of the limits in core/store/server_limits.py
# Streamlit makes its secrets environment variables, so it may be one of those too.
LEADER_TOKEN = "INKLING_LEADER_TOKEN"


def home() -> Path:
    """`INKLING_HOME`: the folder for all that outlives a process; by default `.inkling` in the current folder."""
    return Path(os.environ.get("INKLING_HOME") or ".inkling")


def database_url() -> str:
    """`INKLING_DATABASE_URL`: PostgreSQL for the runs; "" for an SQLite file in the home folder."""
    return os.environ.get("INKLING_DATABASE_URL", "")


def mnist() -> Path | None:
    """`INKLING_MNIST`: a copy of MNIST (`mnist.npz`)."""
    path = os.environ.get("INKLING_MNIST")
    return Path(path) if path else None


def keras_home() -> Path:
    """`KERAS_HOME`: where Keras keeps its downloads, MNIST among them; `.keras` in the user's home by default."""
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))


def workers() -> int | None:
    """`INKLING_WORKERS`: runs that train side by side here; 0 where other machines train; None if not set."""
    text = os.environ.get("INKLING_WORKERS", "").strip()
    return int(text) if text.isdecimal() else None


def warms_up() -> bool:
    """`INKLING_WARM=0` starts the engine at the click on Train and not at the visit."""
    return os.environ.get("INKLING_WARM") != "0"


def gives_way() -> bool:
    """`INKLING_GIVES_WAY=0` gives training an equal part of a busy machine; else the pages come first."""
    return os.environ.get("INKLING_GIVES_WAY") != "0"


def forgets() -> bool | None:
    """`INKLING_FORGETS`: whether the disk loses everything at a restart; None where that is to be found out."""
    text = os.environ.get("INKLING_FORGETS")
    return text == "1" if text else None


def leader_token() -> str:
    """`INKLING_LEADER_TOKEN`: the secret that opens the leader's page; "" where there is none."""
    return os.environ.get(LEADER_TOKEN, "").strip()


def engine() -> str:
    """`INKLING_ENGINE`: the engine's process, which sets this for its workers; "" on a Dask cluster."""
    return os.environ.get("INKLING_ENGINE", "")


def limit(name: str) -> str:
    """The text of `INKLING_MAX_` and this name in capitals; "" where it is not set."""
    return os.environ.get(LIMIT_PREFIX + name.upper(), "").strip()
