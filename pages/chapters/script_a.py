"""script_a."""

TITLE = "script_a"
SUMMARY = "script_a."


def show() -> None:
    """Nothing yet."""
