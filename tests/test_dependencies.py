"""The dependencies: each direct one with its reason, the locks complete and in step with them."""

import re
import sys
import tomllib

import pytest

from tests.sources import ROOT, SOURCES, imports

PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)
APP, DEV = PROJECT["project"]["dependencies"], PROJECT["dependency-groups"]["dev"]
ASKED_FOR = {"tensorflow", "streamlit", "streamlit-drawable-canvas", "numpy", "pillow", "matplotlib"}


def lock(name):
    """The versions that a lock holds, by package; one per line, as a package may have one for each Python."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line.split(" ;")[0] for line in lines if line and not line.lstrip().startswith("#")]


def plain(requirement):
    return re.sub(r"\[.*\]", "", requirement)


@pytest.mark.parametrize("requirement", [*APP, *DEV])
def test_a_direct_dependency_is_pinned_and_has_a_reason(requirement):
    assert re.fullmatch(r"[a-z0-9-]+(\[\w+\])?==[\w.]+", requirement)
    assert re.search(rf'^    "{re.escape(requirement)}",  ?# \w', PYPROJECT, re.MULTILINE)


@pytest.mark.parametrize(("name", "direct"), [("requirements.txt", APP), ("requirements-dev.txt", [*APP, *DEV])])
def test_a_lock_names_every_version_and_is_in_step_with_the_direct_dependencies(name, direct):
    held = [plain(line) for line in lock(name)]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.+]+", line) for line in held)
    assert {plain(requirement) for requirement in direct} <= set(held)


def test_both_locks_agree():
    assert set(lock("requirements.txt")) <= set(lock("requirements-dev.txt"))


def test_no_lock_names_where_its_packages_came_from():
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")


def test_the_dependencies_of_the_app_are_what_its_code_imports():
    direct = {plain(requirement).split("==")[0] for requirement in APP}
    names = {"PIL": "pillow"}
    imported = {
        names.get(top, top.replace("_", "-"))
        for path in SOURCES
        for top in (imported.split(".")[0] for imported in imports(path))
        if top not in sys.stdlib_module_names and top not in ("core", "pages")
    }
    assert imported <= direct
    assert direct - imported - ASKED_FOR <= {"alembic", "cryptography"}


def test_the_workflow_runs_on_each_python_that_the_project_names():
    workflow = (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")
    named = re.findall(r'"(3\.\d+)"', workflow)
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["project"]["requires-python"]).groups()
    assert named == [f"3.{minor}" for minor in range(int(low), int(high))]
