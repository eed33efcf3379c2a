"""Register a component from the files that lie beside its module."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_ELEMENTS = Path(__file__).with_name("elements.js").read_text(encoding="utf-8")


def register(module: str | Path, html: str = "<span></span>") -> Callable[..., Any]:
    """Register the component of a module `NAME.py` as `inkling.NAME`.

    Markup, style and script are read from `NAME.html`, `NAME.css` and `NAME.js` beside the module; each is optional.
    A script may use what `base/elements.js` defines.

    Args:
        module: the module's `__file__`.
        html: markup where there is no `NAME.html`.

    Returns:
        What Streamlit's `components.v2.component` returns: a function that renders the component.
    """
    path = Path(module)
    parts: Any = {"html": html} | {
        part: path.with_suffix(f".{part}").read_text(encoding="utf-8")
        for part in ("html", "css", "js")
        if path.with_suffix(f".{part}").exists()
    }
    if "js" in parts:
        parts["js"] = _ELEMENTS + parts["js"]
    return st.components.v2.component(f"inkling.{path.stem}", **parts)
