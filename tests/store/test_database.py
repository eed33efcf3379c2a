import shutil
import socket
import sqlite3
import sys
import threading
import time
from contextlib import ExitStack, closing
from functools import partial

import numpy as np
import pytest
from sqlalchemy import create_engine, event, inspect, text

from core.networks.snapshots import NO_SNAPSHOTS
from core.store import database
from core.store.database import Database, DatabaseTrouble
from core.store.drawings import DrawingStore
from core.store.runs import NoSuchRun, RunState, RunStore
from tests.training import tiny

MINE, THEIRS = "a" * 64, "b" * 64


def columns(path, table):
    with sqlite3.connect(path) as connection:
        return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite3"


@pytest.fixture
def store(path):
    return RunStore(f"sqlite:///{path}")


def finished(store, owner=MINE):
    run_id = store.submit(owner, tiny.RECIPE)
    assert store.claim_next(places=100) == run_id
    store.finish(run_id, store.begin(run_id)[2], tiny.trained(), "")
    return run_id


def restrict(store, pragma):
    """Let SQLite itself meet a disk as full or as read-only as this says, until what is returned is called."""
    engine = store._database._engine

    def meet(connection, record):
        connection.execute(pragma).close()

    def relent():
        event.remove(engine, "connect", meet)
        engine.dispose()

    engine.dispose()
    with closing(sqlite3.connect(engine.url.database)) as connection:
        connection.execute("VACUUM")  # or pages that are free take what a full disk would not
    event.listen(engine, "connect", meet)
    return relent


def fill(store):
    """Queue runs until the last page is full."""
    for number in range(50):
        store.submit(f"{number:064}", tiny.RECIPE)


def overwrite(path, page):
    """Damage a page of the file, which nothing holds open or has in memory."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def root_page(path, name):
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]


def damage():
    found = sqlite3.DatabaseError("database disk image is malformed")
    found.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return found


def test_a_database_of_an_earlier_version_gets_what_came_later_and_keeps_its_runs(path):
    store = RunStore(f"sqlite:///{path}")
    done, run_id = finished(store, THEIRS), store.submit(MINE, tiny.RECIPE)
    late = [("run", "drawing"), ("run", "is_lesson"), ("run_data", "lesson"), ("run_data", "film")]
    with sqlite3.connect(path) as connection:
        for table, column in late:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("DROP TABLE drawing")
        # One active run, and no seals.
        connection.execute("DROP INDEX one_of_a_request")
        connection.execute("CREATE UNIQUE INDEX one_active_run ON run (owner) WHERE state IN ('queued', 'running')")
        connection.execute("UPDATE run_data SET keras_file = substr(keras_file, 33), model = substr(model, 33)")
        connection.execute("DELETE FROM upgrade")
        for column in ("recipe", "points", "history", "scores"):
            connection.execute(f"UPDATE run SET {column} = substr({column}, 65)")
    for _ in range(2):  # sealed once, and not again
        store = RunStore(f"sqlite:///{path}")
        assert store.keras_file(done) == b"keras"
        assert store.model(done).recipe == tiny.RECIPE
    assert {"drawing", "is_lesson"} <= columns(path, "run")
    run = store.run(run_id)
    assert (run.name, run.recipe, run.is_fine_tuning, run.drawing) == ("Tiny", tiny.RECIPE, False, None)
    assert store.run(done).scores == tiny.trained().model.scores
    assert store.fine_tuning(run_id) is None
    assert len(store.snapshots(run_id)) == 0
    assert DrawingStore(store.url).drawings(MINE) == []
    other = tiny.RECIPE.model_copy(update={"seed": 9})
    assert store.submit(MINE, other) != run_id


@pytest.mark.bad_input(23)
@pytest.mark.parametrize(
    ("pragma", "sentence"),
    [("PRAGMA max_page_count = 1", "disk is full"), ("PRAGMA query_only = ON", "cannot be written to")],
)
def test_a_disk_that_takes_nothing_is_a_sentence_and_what_is_there_can_be_read(store, pragma, sentence, monkeypatch):
    run_id = finished(store)
    kept = store.model(run_id), store.keras_file(run_id)
    assert store.trouble() == ""
    relent = restrict(store, pragma)
    with pytest.raises(DatabaseTrouble, match=sentence):
        fill(store)
    assert store.run(run_id).state == RunState.FINISHED
    assert store.keras_file(run_id) == kept[1]
    for name, weights in kept[0].weights.items():
        np.testing.assert_array_equal(store.model(run_id).weights[name], weights)
    monkeypatch.setattr(database, "LOOK_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        if "page_count" in pragma:  # that a line can still be written over does not mean that there is room
            patch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
        assert sentence in store.trouble()
    relent()
    assert store.trouble() == ""
    assert store.submit(THEIRS, tiny.RECIPE.model_copy(update={"seed": 9}))


@pytest.mark.bad_input(24)
def test_a_file_that_is_no_database_is_set_aside_as_it_is_and_a_new_one_begun(path):
    rubbish = b"no database at all" * 1000
    path.write_bytes(rubbish)
    store = RunStore(f"sqlite:///{path}")
    assert store.submit(MINE, tiny.RECIPE)
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == rubbish
    assert aside.name in store.set_aside()


@pytest.mark.bad_input(24)
def test_a_database_that_is_damaged_while_it_is_used_is_replaced_and_the_readable_runs_are_taken_over(path):
    store, beside = RunStore(f"sqlite:///{path}"), RunStore(f"sqlite:///{path}")
    ids = [finished(store, f"{number:064}") for number in range(12)]
    waiting = store.submit(MINE, tiny.RECIPE)
    for one in (store, beside):
        one._database._engine.dispose()
    overwrite(path, root_page(path, "one_of_a_request"))
    with pytest.raises(DatabaseTrouble, match="has been replaced"):
        store.submit(THEIRS, tiny.RECIPE)
    assert store.submit(THEIRS, tiny.RECIPE)
    for one in (store, beside):  # another process finds the new file too
        assert one.run(waiting).state == RunState.QUEUED
        assert all(one.model(run_id).recipe == tiny.RECIPE for run_id in ids)
    assert "damaged on" in beside.set_aside()
    assert len(list(path.parent.glob("*.damaged-*[0-9]"))) == 1


@pytest.mark.bad_input(24)
def test_a_look_finds_damage_that_nobody_has_met_and_the_runs_stay(path):
    store = RunStore(f"sqlite:///{path}")
    run_id = finished(store)
    store.look_over()
    assert store.set_aside() == ""
    store._database._engine.dispose()
    overwrite(path, root_page(path, "one_of_a_request"))
    assert store.run(run_id).state == RunState.FINISHED  # which does not look there
    with pytest.raises(DatabaseTrouble, match="has been replaced"):
        store.look_over()
    store.look_over()
    assert "damaged on" in store.set_aside()
    assert store.model(run_id).recipe == tiny.RECIPE


@pytest.mark.bad_input(24)
def test_what_can_be_read_of_a_damaged_row_is_taken_over(path):
    store = RunStore(f"sqlite:///{path}")
    run_id = finished(store)
    with store._database.writing() as session:
        session.execute(text("UPDATE run_data SET film = zeroblob(100000)"))
    store._database._engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    overwrite(path, pages - 4)  # in the middle of the film, which is written last
    assert store.model(run_id).recipe == tiny.RECIPE
    with pytest.raises(DatabaseTrouble, match="has been replaced"):
        store.look_over()
    assert store.run(run_id).state == RunState.FINISHED
    assert store.model(run_id).recipe == tiny.RECIPE
    assert store.snapshots(run_id) is NO_SNAPSHOTS


@pytest.mark.bad_input(24)
def test_a_thread_that_met_the_damage_late_does_not_set_the_new_file_aside(path):
    store = RunStore(f"sqlite:///{path}")
    run_id, database = finished(store), store._database
    old = database._file
    meeting = [database._plainly(), database._plainly()]
    for one in meeting:
        one.__enter__()
    for one in meeting:
        with pytest.raises(DatabaseTrouble):
            one.__exit__(sqlite3.DatabaseError, damage(), None)
    assert database._file != old
    assert len(list(path.parent.glob("*.damaged-*[0-9]"))) == 1
    assert store.run(run_id).state == RunState.FINISHED


@pytest.mark.bad_input(24)
def test_two_that_are_damaged_within_a_second_are_both_set_aside_until_they_are_as_old_as_a_run_may_become(
    path, monkeypatch
):
    moment = time.localtime()
    with monkeypatch.context() as one_second:
        one_second.setattr(
            time, "strftime", partial(lambda strftime, form, when=moment: strftime(form, when), time.strftime)
        )
        for rubbish in (b"first" * 1000, b"second" * 1000):
            path.write_bytes(rubbish)
            store = RunStore(f"sqlite:///{path}")
            store._database._engine.dispose()
    aside = list(path.parent.glob("*.damaged-*"))
    assert {file.read_bytes()[:5] for file in aside} == {b"first", b"secon"}
    before = path.with_name(f"{path.name}.damaged-20200101T120000")  # as earlier versions named them
    for ending in ("", "-wal"):
        before.with_name(f"{before.name}{ending}").write_bytes(b"third")
    store.cull()
    assert set(path.parent.glob("*.damaged-*")) == set(aside)
    monkeypatch.setenv("INKLING_MAX_DAYS", "14")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 15 * 86_400)
    store.cull()
    assert list(path.parent.glob("*.damaged-*")) == []
    assert store.set_aside() == ""


@pytest.mark.bad_input(23, 24)
@pytest.mark.parametrize("refusing", ["os.replace", "one_at_a_time"])
def test_a_damaged_database_on_a_disk_that_cannot_be_written_to_is_a_sentence_and_replaced_later(
    path, monkeypatch, refusing
):
    store = RunStore(f"sqlite:///{path}")
    run_id = finished(store)
    store._database._engine.dispose()
    overwrite(path, root_page(path, "one_of_a_request"))

    def refuse(*given):
        raise PermissionError(30, "Read-only file system") if refusing == "os.replace" else sqlite3.OperationalError

    with monkeypatch.context() as read_only:
        read_only.setattr(f"core.store.database.{refusing}", refuse)
        for _ in range(2):
            with pytest.raises(DatabaseTrouble, match=r"is damaged.*cannot be written to"):
                store.look_over()
    with pytest.raises(DatabaseTrouble, match="has been replaced"):
        store.look_over()
    assert store.run(run_id).state == RunState.FINISHED


@pytest.mark.bad_input(23)
def test_a_folder_that_is_gone_and_cannot_be_made_is_a_sentence(store, path, monkeypatch):
    def refuse(path):
        raise PermissionError(30, "Read-only file system")

    for file in path.parent.glob("runs.sqlite3*"):
        file.unlink()
    monkeypatch.setattr(database, "one_at_a_time", refuse)
    with pytest.raises(DatabaseTrouble, match="cannot be written to"):
        store.listed(MINE)


@pytest.mark.bad_input(24)
def test_two_that_find_a_damaged_database_at_once_set_one_aside(path):
    path.write_bytes(b"rubbish" * 1000)
    stores = []
    threads = [threading.Thread(target=lambda: stores.append(RunStore(f"sqlite:///{path}"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores) == 4
    assert len(list(path.parent.glob("*.damaged-*"))) == 1
    run_id = stores[0].submit(MINE, tiny.RECIPE)
    assert all(store.run(run_id).id == run_id for store in stores)


@pytest.mark.bad_input(24)
def test_a_training_goes_on_and_is_brought_back_where_its_row_was_lost_with_the_database(path):
    page, worker = RunStore(f"sqlite:///{path}"), RunStore(f"sqlite:///{path}")
    run_id = page.submit(MINE, tiny.RECIPE, "Mine")
    assert worker.claim_next() == run_id
    attempt = worker.begin(run_id)[2]
    for one in (page, worker):
        one._database._engine.dispose()
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(DatabaseTrouble):
        page.run(run_id)
    assert page.listed(MINE) == []
    assert worker.report(run_id, attempt, None).requested_action == ""
    worker.finish(run_id, attempt, tiny.trained(), "")
    assert (page.run(run_id).name, page.run(run_id).state) == ("Mine", RunState.FINISHED)
    assert page.model(run_id).recipe == tiny.RECIPE
    page.delete(run_id, MINE)
    assert worker.report(run_id, attempt, None) is None


def test_a_database_file_that_somebody_removes_is_begun_anew(store, path):
    run_id = finished(store)
    for file in path.parent.glob("runs.sqlite3*"):
        file.unlink()
    with pytest.raises(NoSuchRun):
        store.run(run_id)
    assert store.submit(MINE, tiny.RECIPE)


def test_a_database_that_is_away_is_a_sentence(tmp_path):
    with pytest.raises(DatabaseTrouble, match="cannot be written to"):
        Database(f"sqlite:///{tmp_path / 'nowhere' / 'runs.sqlite3'}")


def test_a_damaged_drawing_is_left_out_and_the_others_stay(path):
    drawings = DrawingStore(f"sqlite:///{path}")
    for shade in (1, 2):
        drawings.keep(MINE, np.full((28, 28), shade, np.uint8), shade)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE drawing SET image = zeroblob(816) WHERE label = 1")
    assert [drawing.label for drawing in drawings.drawings(MINE)] == [2]


@pytest.mark.bad_input(25)
def test_a_text_whose_letters_are_damaged_costs_its_own_run_only(store, path):
    damaged, other = store.submit(MINE, tiny.RECIPE), store.submit(THEIRS, tiny.RECIPE)
    with sqlite3.connect(path) as connection:
        no_letters = "CAST(x'FF' || substr(recipe, 2) AS TEXT)"
        connection.execute(f"UPDATE run SET recipe = {no_letters}, name = {no_letters} WHERE id = ?", (damaged,))
    assert [run.id for run in store.active()] == [other]
    store.delete(damaged, MINE)
    assert store.claim_next() == other


def columns_of(store, table):
    with store._database.reading() as session:
        return {column["name"] for column in inspect(session.connection()).get_columns(table)}


def test_many_that_open_an_empty_database_at_once_find_it_whole(database_url):
    stores = []
    openings = [threading.Thread(target=lambda: stores.append(RunStore(database_url))) for _ in range(6)]
    for opening in openings:
        opening.start()
    for opening in openings:
        opening.join()
    assert len(stores) == 6
    assert {"checkpoint", "model", "film"} <= columns_of(stores[0], "run_data")
    run_id = stores[0].submit(MINE, tiny.RECIPE)
    assert stores[5].submit(MINE, tiny.RECIPE) == run_id


def test_either_kind_of_database_gets_the_columns_that_came_later(database_url):
    store = RunStore(database_url)
    run_id = store.submit(MINE, tiny.RECIPE)
    with store._database.writing() as session:
        for table, column in (("run", "drawing"), ("run_data", "film")):
            session.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        session.execute(text("DROP TABLE drawing"))
    store = RunStore(database_url)
    assert "film" in columns_of(store, "run_data")
    assert store.run(run_id).drawing is None
    assert DrawingStore(store.url).drawings(MINE) == []


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


def test_a_worker_that_is_slow_to_write_holds_up_nobody_elses_run(postgresql):
    store = RunStore(postgresql())
    slow, other = (store.submit(owner, tiny.RECIPE) for owner in (MINE, THEIRS))
    assert {store.claim_next(places=2), store.claim_next(places=2)} == {slow, other}
    attempt = store.begin(slow)[2]
    with store._database.writing(one_row=True) as session:
        session.execute(text("UPDATE run SET heartbeat = 1 WHERE id = :id"), {"id": slow})
        store.ask(other, THEIRS, "stop")  # as a page does, which is to answer at once
        assert store.submit("c" * 64, tiny.RECIPE)
        assert store.begin(other)
    assert store.report(slow, attempt, None) is not None


def test_a_server_that_does_not_answer_who_knocks_is_given_up(monkeypatch):
    pytest.importorskip("psycopg")
    monkeypatch.setattr(database, "CONNECT_SECONDS", 2)  # the driver waits no less
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DatabaseTrouble, match="cannot be reached"):
        Database(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/inkling")


def test_a_server_that_falls_silent_later_is_given_up_too_and_its_url_may_say_when(postgresql):
    def parameters(url):
        with Database(url).reading() as session:
            return session.connection().connection.driver_connection.info.get_parameters()

    url = postgresql()
    found = parameters(url)
    assert int(found["tcp_user_timeout"]) == 1000 * database.SILENT_SECONDS
    assert int(found["keepalives_idle"]) + 2 * int(found["keepalives_interval"]) == database.SILENT_SECONDS
    assert parameters(f"{url}&connect_timeout=42")["connect_timeout"] == "42"


def test_a_statement_that_takes_too_long_is_ended(postgresql, monkeypatch):
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 0.2)
    slow = Database(postgresql())
    with pytest.raises(DatabaseTrouble, match="busy"), slow.reading() as session:
        session.execute(text("SELECT pg_sleep(60)"))


def test_who_finds_no_free_connection_is_told_that_the_database_is_busy(postgresql, monkeypatch):
    monkeypatch.setattr(database, "FREE_SECONDS", 0.1)
    asked = Database(postgresql())
    with ExitStack() as held:
        for _ in range(database.MOST_CONNECTIONS):
            held.enter_context(asked.reading()).execute(text("SELECT 1"))
        with pytest.raises(DatabaseTrouble, match="busy"), asked.reading() as session:
            session.execute(text("SELECT 1"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me@127.0.0.1/inkling", "driver is not installed.*pip install 'psycopg"),
        ("my database", "no database's URL"),
        ("postgresql://me@127.0.0.1:port/inkling", "no database's URL"),
        ("mssql://me@127.0.0.1/inkling", "driver is not installed"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_a_plain_sentence(url, said, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatabaseTrouble, match=said):
        RunStore(url)


def test_postgresql_is_what_a_plain_url_means():
    pytest.importorskip("psycopg")
    assert create_engine("postgresql://me@127.0.0.1/inkling").dialect.driver == "psycopg"
