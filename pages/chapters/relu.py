"""ReLU, an activation."""

TITLE = "ReLU, an activation"
SUMMARY = "ReLU, an activation."


def show() -> None:
    """Stands in."""
