"""What the documents say is true: every command, path, setting and version that they name exists."""

import ast
import re
import tomllib
from itertools import pairwise

import pytest

from core.store.server_limits import Limits, variable
from tests.sources import ROOT

DOCUMENTS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "README.md",
        ".github/CONTRIBUTING.md",
        "core/README.md",
        "core/store/README.md",
        "tests/benchmarks/README.md",
    )
}
LINES = 160  # of the README at most
CODE = re.compile(r"```.*?\n(.*?)```|`([^`]+)`", re.DOTALL)
MADE = {".venv", ".inkling"}  # by the program itself


def code(text):
    """What stands in backticks, a piece each; blocks line by line."""
    for block, word in CODE.findall(text):
        yield from (block or word).splitlines()


def commands(beginning):
    """Each command of all documents that begins so, with the document that names it."""
    return sorted(
        {
            (name, piece.split("#")[0].strip())
            for name, text in DOCUMENTS.items()
            for line in code(text)
            for piece in re.split(r"&&|;", line)
            if piece.strip().startswith(beginning)
        }
    )


def files(name):
    """The paths that a document names, as `folder/file` or `file.ending`, from the project's folder."""
    for line in code(DOCUMENTS[name]):
        for word in re.findall(r"[\w./-]+", line):
            if re.fullmatch(r"\.?[\w-]+(/[\w.-]+)+/?|[\w-]+\.(py|md|txt|toml)", word) and not word.startswith("/"):
                yield word


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name):
    tops = {path.name for path in ROOT.iterdir()} - MADE
    beside = (ROOT / name).parent
    named = [path for path in files(name) if path.split("/")[0] in tops or (beside / path).exists()]
    assert [path for path in named if not ((ROOT / path).exists() or (beside / path).exists())] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_picture_and_link_within_the_project_leads_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENTS[name]):
        assert target.startswith("https://") or ((ROOT / name).parent / target).exists(), target


@pytest.mark.parametrize(("name", "command"), commands("make "))
def test_every_make_target_exists(name, command):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in command.split()[1:]:
        assert "=" in word or re.search(rf"^{re.escape(word)}:", makefile, re.MULTILINE), f"{name}: {command}"


@pytest.mark.parametrize(("name", "command"), commands("python -m "))
def test_every_python_command_is_a_module_that_knows_its_options(name, command):
    module, *words = command.split()[2:]
    if module.split(".")[0] not in ("core", "tests"):
        return
    path = ROOT / module.replace(".", "/").replace("NAME", "accuracy")
    source = (path / "__main__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
    strings = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    assert [word for word in words if word.startswith("--") and word not in strings | {"--help"}] == [], (
        f"{name}: {command}"
    )


def test_the_command_line_knows_the_words_that_the_documents_give_it():
    source = (ROOT / "core/__main__.py").read_text(encoding="utf-8")
    named = {command.split()[3] for _, command in commands("python -m core ") if len(command.split()) > 3}
    assert named
    assert {word for word in named if f'"{word}"' not in source} == set()


def test_every_setting_is_documented_and_every_documented_setting_exists():
    config = (ROOT / "core/environment.py").read_text(encoding="utf-8")
    known = set(re.findall(r"(?:INKLING|KERAS|DASK)_[A-Z_]*[A-Z]", config)) - {"INKLING_MAX"}
    known |= {variable(name) for name in Limits.model_fields}
    text = "".join(DOCUMENTS.values())
    named = set(re.findall(r"\b(?:INKLING|KERAS|DASK)_[A-Z_]*[A-Z]", text))
    assert known - named == set()
    assert {name for name in named - known if not name.startswith("DASK_DISTRIBUTED__")} == set()


@pytest.mark.parametrize(("name", "default"), list(Limits()))
def test_the_defaults_of_the_limits_are_those_in_the_table(name, default):
    (row,) = [line for line in DOCUMENTS["core/store/README.md"].splitlines() if f"| `{variable(name)}` |" in line]
    assert row.endswith(f"({default:,}) |")


def test_the_documents_name_the_pythons_that_the_project_supports():
    low, high = (int(minor) for minor in re.findall(r"3\.(\d+)", _project()["requires-python"]))
    for name in ("README.md", ".github/CONTRIBUTING.md"):
        assert {int(minor) for minor in re.findall(r"\b3\.(1\d)\b(?!\.)", DOCUMENTS[name])} == set(range(low, high))


def test_the_licence_is_the_one_that_the_project_names():
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith(f"{_project()['license']} License")


def test_the_readme_can_be_read_to_its_end_and_has_no_heading_twice():
    lines = DOCUMENTS["README.md"].splitlines()
    assert len(lines) <= LINES
    headings = sorted(line for line in lines if line.startswith("#"))
    assert all(one != other for one, other in pairwise(headings))


def _project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_map_of_the_core_lists_every_module():
    listed = DOCUMENTS["core/README.md"]
    modules = [path for path in (ROOT / "core").rglob("*.py") if path.name != "__init__.py"]
    folders = ("synthetic", "glossary", "migrations", "versions")
    assert [path.name for path in modules if path.parent.name not in folders and path.stem not in listed] == []
