import sys
import threading

import pytest
from sqlalchemy import create_engine, inspect, text

from core.training.database import BadDatabase
from core.training.drawings import DrawingStore
from core.training.runs import RunStore
from tests.training import tiny

MINE = "a" * 64


def columns(store, table):
    with store._database.reading() as session:
        return {column["name"] for column in inspect(session.connection()).get_columns(table)}


def test_a_database_of_an_earlier_version_gets_the_columns_that_came_later_and_keeps_its_runs(database_url):
    earlier = RunStore(database_url)
    run_id = earlier.submit(MINE, tiny.RECIPE)
    with earlier._database.writing() as session:
        for table, column in (("run", "drawing"), ("run", "is_lesson"), ("run_data", "lesson"), ("run_data", "film")):
            session.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        session.execute(text("DROP TABLE drawing"))
    store = RunStore(database_url)
    assert {"drawing", "is_lesson"} <= columns(store, "run")
    run = store.run(run_id)
    assert (run.name, run.is_lesson, run.drawing) == ("Tiny", False, None)
    assert store.lesson(run_id) is None
    assert len(store.film(run_id)) == 0
    assert DrawingStore(store.url).drawings(MINE) == []


def test_many_that_open_an_empty_database_at_once_find_it_whole_and_opening_it_again_changes_nothing(database_url):
    stores = []
    openings = [threading.Thread(target=lambda: stores.append(RunStore(database_url))) for _ in range(6)]
    for opening in openings:
        opening.start()
    for opening in openings:
        opening.join()
    assert len(stores) == 6
    assert all(columns(store, "run_data") == columns(stores[0], "run_data") for store in stores)
    assert len(columns(stores[0], "run_data")) == 9
    run_id = stores[0].submit(MINE, tiny.RECIPE)
    assert stores[5].submit(MINE, tiny.RECIPE) == run_id


def test_a_reader_sees_one_moment_and_waits_for_no_writer(database_url):
    store = RunStore(database_url)
    run_id = store.submit(MINE, tiny.RECIPE)
    name = text("SELECT name FROM run")
    with store._database.reading() as session:
        assert session.scalar(name) == "Tiny"
        store.rename(run_id, MINE, "Renamed")
        assert session.scalar(name) == "Tiny"
    with store._database.writing() as session:
        session.execute(text("UPDATE run SET name = 'Not yet'"))
        assert store.run(run_id).name == "Renamed"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me@127.0.0.1/inkling", "driver is not installed.*pip install 'psycopg"),
        ("my database", "not a database's URL"),
        ("oracle://me@127.0.0.1/inkling", "driver is not installed|not in oracle"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_a_plain_sentence(url, said, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadDatabase, match=said):
        RunStore(url)


def test_postgresql_is_what_a_plain_url_means():
    pytest.importorskip("psycopg")
    assert create_engine("postgresql://me@127.0.0.1/inkling").dialect.driver == "psycopg"
