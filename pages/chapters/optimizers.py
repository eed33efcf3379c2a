"""Optimisers."""

TITLE = "Optimisers"
SUMMARY = "Optimisers."


def show() -> None:
    """Stands in."""
