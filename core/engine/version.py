"""The version of the code: engines with another one are replaced."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def code_version() -> str:
    """A fingerprint of the code, of Python and of the required packages: 12 hexadecimal digits."""
    digest = hashlib.sha256(sys.version.encode())
    for path in [*sorted((ROOT / "core").rglob("*.py")), ROOT / "requirements.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
