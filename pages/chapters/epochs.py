"""Epochs and batches."""

TITLE = "Epochs and batches"
SUMMARY = "Epochs and batches."


def show() -> None:
    """Stands in."""
