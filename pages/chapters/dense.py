"""Dense layers."""

TITLE = "Dense layers"
SUMMARY = "Dense layers."


def show() -> None:
    """Stands in."""
