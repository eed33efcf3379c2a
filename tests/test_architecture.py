"""Imports run one way; TensorFlow stays in the worker; the log is lines."""

import ast
import re

import pytest

from tests.sources import ROOT, SOURCES, imports

# What each folder may import besides itself; a folder that nothing may import is not named here.
WINGS = {
    "digits": set(),
    "networks": {"digits"},
    "insight": {"digits", "networks"},
    "reports": {"digits", "networks", "insight"},
    "lessons": {"digits", "networks", "insight", "reports"},
    "training": {"digits", "networks", "insight"},
    "store": {"digits", "networks", "insight", "training"},
    "engine": {"digits", "networks", "insight", "training", "store"},
}
SHARED = {"base", "parts", "images", "visitor"}
FEATURES = {"frame", "learn", "runs", "model", "evaluate"}
COMPONENTS = {
    "base": set(),
    "images": {"base"},
    "parts": {"base", "images"},
    "visitor": {"base", "parts", "images"},
    **{feature: SHARED for feature in FEATURES},
    **{feature: SHARED | FEATURES for feature in ("draw", "train", "workshop")},
}
HEAVY = {"tensorflow", "keras", "torch"}


STORES = {"run_store", "scoreboard", "privacy", "drawing_store", "presence"}
GUARDS = {"errors.in_callback()", "errors.on_page()", "on_page()"}


def called(node):
    """The names of what is called within it."""
    return {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}


def unguarded(path):
    """What is handed on, as callbacks and fragments are, and touches a store without a guard."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    touching = set(STORES)
    while more := {one for one, function in functions.items() if called(function) & touching} - touching:
        touching |= more
    callees = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    handed_on = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in callees}
    for one in touching & handed_on & functions.keys():
        if not GUARDS & set(map(ast.unparse, functions[one].decorator_list)):
            yield one
    for node in nodes:  # a store's own method, or a lambda
        if isinstance(node, ast.keyword) and re.match("on_", node.arg or "") and called(node.value) & STORES:
            yield ast.unparse(node)


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_run_one_way(path):
    here = path.relative_to(ROOT).parts
    for imported in imports(path):
        there = imported.split(".")
        if here[0] == "core":
            assert there[0] not in ("pages", "app"), imported
            if there[0] == "core" and there[1:2] and there[1] in WINGS and here[1] != "__main__.py":
                assert here[1] in WINGS, f"{imported}: what the wings share knows none of them"
                assert there[1] in WINGS[here[1]] | {here[1]}, imported
        if here[:2] == ("pages", "components") and there[0] == "pages":
            assert there[1] == "components", imported
            assert len(there) < 3 or there[2] in COMPONENTS[here[2]] | {here[2]}, imported
        if here[:2] == ("pages", "chapters") and there[0] == "pages":
            assert there[1] == "components", f"{imported}: a chapter knows no other"


def test_every_folder_has_its_rank_in_the_order_of_imports():
    assert {path.name for path in (ROOT / "core").iterdir() if path.is_dir()} - {"__pycache__"} == set(WINGS)
    assert {path.name for path in (ROOT / "pages/components").iterdir() if path.is_dir()} == set(COMPONENTS)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_the_environment_is_read_in_one_place(path):
    if name(path) != "core/environment.py":
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"environ\.get\(|getenv|environ\[", source.replace('environ.get("PYTHONPATH")', ""))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_streamlit_is_imported_by_pages_only_and_keras_by_training_only(path):
    packages = {imported.split(".")[0] for imported in imports(path)}
    if name(path).startswith("core/"):
        assert not packages & {"streamlit", "streamlit_drawable_canvas"}
    if not name(path).startswith("core/training/"):
        assert not packages & HEAVY


@pytest.mark.parametrize("path", [path for path in SOURCES if name(path).startswith("pages/")], ids=name)
def test_what_goes_wrong_in_a_callback_or_fragment_that_touches_a_store_is_said_plainly(path):
    assert list(unguarded(path)) == [], "needs @errors.in_callback(), or @errors.on_page() where it draws"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_each_line_of_the_log_is_an_event_with_its_values(path):
    is_log = re.compile(r"_?log\.(debug|info|warning|error|exception)").fullmatch
    values = r"event=[\w%]+( \w+=(%[\w.]+|\w+|'[^']*'))*"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and is_log(ast.unparse(node.func)):
            assert re.fullmatch(values, ast.literal_eval(node.args[0])), ast.unparse(node)


def test_no_text_of_the_project_names_a_path_of_the_machine_it_was_made_on():
    for path in SOURCES:
        assert "/root/" not in path.read_text(encoding="utf-8")
