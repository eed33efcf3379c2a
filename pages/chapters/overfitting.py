"""Overfitting."""

TITLE = "Overfitting"
SUMMARY = "Overfitting."


def show() -> None:
    """Stands in."""
