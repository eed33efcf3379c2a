"""One-hot encoding."""

TITLE = "One-hot encoding"
SUMMARY = "One-hot encoding."


def show() -> None:
    """Stands in."""
