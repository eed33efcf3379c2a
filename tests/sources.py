"""The program's own source files, and what each of them imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = [*sorted(path for folder in ("core", "pages") for path in (ROOT / folder).rglob("*.py")), ROOT / "app.py"]


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, wherever in it and by whatever means."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "__import__"):
            yield ast.literal_eval(node.args[0])  # a name that is put together cannot be checked, and fails here
