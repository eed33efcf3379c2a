"""Flatten."""

TITLE = "Flatten"
SUMMARY = "Flatten."


def show() -> None:
    """Stands in."""
