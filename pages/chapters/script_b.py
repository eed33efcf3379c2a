"""script_b."""

TITLE = "script_b"
SUMMARY = "script_b."


def show() -> None:
    """Nothing yet."""
