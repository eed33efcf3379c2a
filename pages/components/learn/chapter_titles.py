"""What the chapters are called, for those that link to them by name."""

import importlib
import importlib.util


def title(name: str) -> str:
    """The title of a chapter, "" where there is none of this name."""
    if not name.isidentifier() or importlib.util.find_spec(f"pages.chapters.{name}") is None:
        return ""
    return str(getattr(importlib.import_module(f"pages.chapters.{name}"), "TITLE", ""))
