"""Max pooling."""

TITLE = "Max pooling"
SUMMARY = "Max pooling."


def show() -> None:
    """Stands in."""
