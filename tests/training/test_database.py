import sqlite3

from core.training.drawings import DrawingStore
from core.training.runs import RunStore
from tests.training import tiny

MINE = "a" * 64


def columns(path, table):
    with sqlite3.connect(path) as connection:
        return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def test_a_database_of_an_earlier_version_gets_the_columns_that_came_later_and_keeps_its_runs(tmp_path):
    path = tmp_path / "runs.sqlite3"
    run_id = RunStore(f"sqlite:///{path}").submit(MINE, tiny.RECIPE)
    with sqlite3.connect(path) as connection:
        for table, column in (("run", "drawing"), ("run", "is_lesson"), ("run_data", "lesson"), ("run_data", "film")):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("DROP TABLE drawing")
    store = RunStore(f"sqlite:///{path}")
    assert {"drawing", "is_lesson"} <= columns(path, "run")
    run = store.run(run_id)
    assert (run.name, run.is_lesson, run.drawing) == ("Tiny", False, None)
    assert store.lesson(run_id) is None
    assert len(store.film(run_id)) == 0
    assert DrawingStore(store.url).drawings(MINE) == []


def test_opening_a_database_twice_changes_nothing(tmp_path):
    path = tmp_path / "runs.sqlite3"
    for _ in range(2):
        RunStore(f"sqlite:///{path}")
    assert len(columns(path, "run_data")) == 9
