import re
import shutil
import socket
import sqlite3
import sys
import threading
import time
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, text

from core.store import database, migrations
from core.store.database import Base, Database, DatabaseTrouble
from core.store.drawings import DrawingStore
from core.store.presence import Presence
from core.store.run_tables import NoSuchRun, RunState
from core.store.runs import RunStore
from core.store.scoreboard import Scoreboard
from tests.training import tiny

MINE, THEIRS = "a" * 64, "b" * 64


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite3"


@pytest.fixture
def store(path):
    return RunStore(f"sqlite:///{path}")


@pytest.fixture
def another_process():
    """Called with a store, gives one that shares nothing with it but the database, as in another process."""
    with ExitStack() as opened:

        def another(store):
            other = RunStore(store.url)
            other._database = opened.enter_context(closing(Database(store.url)))
            return other

        yield another


def finished(store, owner=MINE):
    run_id = store.submit(owner, tiny.RECIPE)
    assert store.claim_next() == run_id
    store.finish(run_id, store.begin(run_id)[2], tiny.trained(), "")
    return run_id


def restrict(store, pragma):
    """Make SQLite treat the disk as full or read-only, by this pragma; call what is returned to end it."""
    engine = store._database._engine

    def apply(connection, record):
        connection.execute(pragma).close()

    def lift():
        event.remove(engine, "connect", apply)
        engine.dispose()

    engine.dispose()
    with closing(sqlite3.connect(engine.url.database)) as connection:
        connection.execute("VACUUM")  # leaves no free pages, which a full disk would still take
    event.listen(engine, "connect", apply)
    return lift


def fill(store):
    """Queue runs until the last page is full."""
    for number in range(50):
        store.submit(f"{number:064}", tiny.RECIPE)


def overwrite_index(path):
    """Overwrite the first page of an index; no connection may be open."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'run_by_age'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def damaged_files(path):
    return list(path.parent.glob(f"{path.name}.damaged-*[0-9]"))


# The schema


def write_old_database(url):
    """Make the database of a version before Alembic."""
    script = (Path(__file__).parent / "before_alembic.sql").read_text(encoding="utf-8")
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
        return
    for old, new in (
        (r"\bBLOB\b", "BYTEA"),
        (r"\bDOUBLE\b", "DOUBLE PRECISION"),
        (r"X'", r"'\\x"),
        (r"CREATE TABLE served \( id INTEGER", "CREATE TABLE served ( id SERIAL"),
    ):
        script = re.sub(old, new, script)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(script.replace("%", "%%"))
    engine.dispose()


def test_an_old_database_gets_the_tables_and_rows_that_it_never_had(tmp_path):
    url = f"sqlite:///{tmp_path / 'runs.sqlite3'}"
    write_old_database(url)
    with closing(sqlite3.connect(tmp_path / "runs.sqlite3")) as old:
        for table in ("scoreboard", "drawing", "presence"):  # nobody had opened a page that uses them
            old.execute(f"DROP TABLE {table}")
        old.execute("DELETE FROM run_data WHERE id = 'paused'")
        old.commit()
    assert RunStore(url).run("paused").state == RunState.PAUSED
    assert Scoreboard(url).entries() == []
    assert DrawingStore(url).drawings(MINE) == []
    with closing(sqlite3.connect(tmp_path / "runs.sqlite3")) as upgraded:
        assert upgraded.execute("SELECT count(*) FROM run_data WHERE id = 'paused'").fetchone() == (1,)


def test_a_database_from_before_alembic_is_upgraded_and_keeps_everything(database_url):
    write_old_database(database_url)
    store = RunStore(database_url)

    done = store.run("finished")
    assert (done.name, done.state, done.recipe.name) == ("Finished", RunState.FINISHED, "Old")
    assert done.scores.test_accuracy == 0.9
    assert (len(done.history), len(done.points)) == (1, 1)
    assert store.model("finished").recipe == done.recipe
    assert store.keras_file("finished") == b"keras"
    assert store.test_probabilities("finished").shape == (2, 10)
    assert store.samples("finished").labels.tolist() == [3, 4]
    assert store.snapshots("finished").epochs.tolist() == [0, 1]

    running = store.run("running")
    assert (running.requested_action, running.live.step, running.drawing[0, 0]) == ("stop", 10, 7)
    _, checkpoint, attempt = store.begin("running")
    assert (attempt, len(checkpoint.history), len(checkpoint.snapshots)) == (2, 1, 2)

    assert store.is_queue_paused()
    store.pause_queue(False)
    paused = store.run("paused")
    assert (paused.state, paused.continues) == (RunState.PAUSED, "finished")
    assert store.start("paused").recipe == paused.recipe
    assert store.run("taught").is_fine_tuning
    assert store.fine_tuning("taught").drawings.labels.tolist() == [3, 4]
    store.resume("paused", MINE)
    assert [run_id for run_id, _ in store.waiting(workers=1)] == ["taught", "paused"]
    assert store.claim_next() == "taught"

    assert DrawingStore(database_url).drawings(MINE)[0].label == 5
    assert Scoreboard(database_url).entry("finished").nickname == "Ada"
    assert Presence(database_url).count() == 0  # that was long ago
    assert store.submit(THEIRS, tiny.RECIPE)


@pytest.mark.parametrize("is_old", [False, True])
def test_the_revisions_make_exactly_the_tables_of_the_code(database_url, is_old):
    if is_old:
        write_old_database(database_url)
    with closing(Database(database_url)) as opened, opened._engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        if is_old and database_url.startswith("sqlite"):  # keeps a column that would be expensive to drop
            ((what, _, table, column),) = differences
            assert (what, table, column.name) == ("remove_column", "run_data", "orphaned")
        else:
            assert differences == []


def test_the_newest_revision_is_the_one_that_is_looked_for():
    assert ScriptDirectory(Path(migrations.__file__).parent).get_current_head() == migrations.HEAD


@pytest.mark.bad_input(37)
def test_a_database_that_a_newer_version_has_only_added_to_is_used_as_it_is(database_url):
    run_id = RunStore(database_url).submit(MINE, tiny.RECIPE)
    newer = f"{migrations.HEAD}.7"
    with database.database(database_url).writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :newer"), {"newer": newer})
        session.execute(text("ALTER TABLE run ADD COLUMN of_tomorrow VARCHAR(9) DEFAULT 'new'"))
    database.close_databases()
    rolled_back = Database(database_url)
    with rolled_back.reading() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == newer
    rolled_back.close()
    assert RunStore(database_url).claim_next() == run_id


def test_a_database_that_a_newer_version_has_upgraded_is_refused(database_url):
    with closing(Database(database_url)) as opened, opened.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'of tomorrow'"))
    with pytest.raises(DatabaseTrouble, match="newer version of Inkling"):
        Database(database_url)


def test_many_processes_that_open_an_empty_database_at_once_find_all_tables(database_url):
    opened = []
    threads = [threading.Thread(target=lambda: opened.append(Database(database_url))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 6
    for one in opened:
        one.close()
    assert RunStore(database_url).submit(MINE, tiny.RECIPE)


def test_a_process_opens_a_database_once_whoever_asks_for_it(store):
    drawings, board = DrawingStore(store.url), Scoreboard(store.url)
    assert store._database is drawings._database is board._database


# A disk that is full, read-only or gone


@pytest.mark.bad_input(23)
@pytest.mark.parametrize(
    ("pragma", "sentence"),
    [("PRAGMA max_page_count = 1", "disk is full"), ("PRAGMA query_only = ON", "cannot be written to")],
)
def test_a_disk_that_takes_nothing_is_reported_and_runs_can_still_be_read(store, pragma, sentence, monkeypatch):
    run_id = finished(store)
    before = store.model(run_id), store.keras_file(run_id)
    store._database.check_writable()
    lift = restrict(store, pragma)
    with pytest.raises(DatabaseTrouble, match=sentence):
        fill(store)
    assert store.run(run_id).state == RunState.FINISHED
    assert store.keras_file(run_id) == before[1]
    for name, weights in before[0].weights.items():
        np.testing.assert_array_equal(store.model(run_id).weights[name], weights)
    monkeypatch.setattr(database, "CHECK_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        if "page_count" in pragma:  # SQLite can still rewrite a page
            patch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
        with pytest.raises(DatabaseTrouble, match=sentence):
            store._database.check_writable()
    lift()
    store._database.check_writable()
    assert store.submit(THEIRS, tiny.RECIPE.model_copy(update={"seed": 9}))


@pytest.mark.bad_input(23)
def test_a_folder_that_is_gone_and_cannot_be_made_is_reported(store, path, monkeypatch):
    def refuse(path):
        raise PermissionError(30, "Read-only file system")

    store._database.close()
    for file in path.parent.glob("runs.sqlite3*"):
        file.unlink()
    monkeypatch.setattr(database, "one_at_a_time", refuse)
    with pytest.raises(DatabaseTrouble, match="cannot be written to"):
        store.listed(MINE)


def test_a_database_in_a_folder_that_does_not_exist_is_reported(tmp_path):
    with pytest.raises(DatabaseTrouble, match="cannot be written to"):
        Database(f"sqlite:///{tmp_path / 'nowhere' / 'runs.sqlite3'}")


def test_a_database_file_that_somebody_removes_is_replaced_by_an_empty_one(store, path):
    run_id = finished(store)
    for file in path.parent.glob("runs.sqlite3*"):
        file.unlink()
    with pytest.raises(NoSuchRun):
        store.run(run_id)
    assert store.submit(MINE, tiny.RECIPE)


# A damaged file


@pytest.mark.bad_input(24)
def test_a_file_that_is_no_database_is_set_aside_and_a_new_one_begun(path):
    rubbish = b"no database at all" * 1000
    path.write_bytes(rubbish)
    store = RunStore(f"sqlite:///{path}")
    assert store.submit(MINE, tiny.RECIPE)
    (aside,) = damaged_files(path)
    assert aside.read_bytes() == rubbish
    assert aside.name in store._database.damage_notice()


@pytest.mark.bad_input(24)
def test_a_database_that_is_damaged_while_it_is_used_is_set_aside_and_replaced_in_all_processes(
    store, path, another_process
):
    beside = another_process(store)
    run_id = finished(store)
    attempt = beside.claim_next() or 1
    for one in (store, beside):
        one._database.close()
    overwrite_index(path)
    damaged = path.read_bytes()
    assert store._database.damage_notice() == ""
    with pytest.raises(DatabaseTrouble, match="has been replaced"):
        store.submit(THEIRS, tiny.RECIPE)
    new = store.submit(THEIRS, tiny.RECIPE)
    assert beside.run(new).state == RunState.QUEUED
    assert beside.report(run_id, attempt, None) is None  # a worker stops a run that is gone
    (aside,) = damaged_files(path)
    assert aside.read_bytes() == damaged
    assert aside.name in beside._database.damage_notice()


@pytest.mark.bad_input(24)
def test_a_thread_that_meets_the_damage_late_does_not_set_the_new_file_aside(store, path):
    opened = store._database
    damage = sqlite3.DatabaseError("database disk image is malformed")
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    first, late = opened._explained_errors(), opened._explained_errors()
    for one in (first, late):
        one.__enter__()
    with pytest.raises(DatabaseTrouble):
        first.__exit__(sqlite3.DatabaseError, damage, None)
    run_id = store.submit(MINE, tiny.RECIPE)
    with pytest.raises(DatabaseTrouble):
        late.__exit__(sqlite3.DatabaseError, damage, None)
    assert len(damaged_files(path)) == 1
    assert store.run(run_id).state == RunState.QUEUED


@pytest.mark.bad_input(24)
def test_two_files_damaged_within_a_second_are_both_set_aside_until_they_are_as_old_as_a_run_may_become(
    path, monkeypatch
):
    moment = time.localtime()
    with monkeypatch.context() as one_second:
        one_second.setattr(
            time, "strftime", partial(lambda strftime, form, when=moment: strftime(form, when), time.strftime)
        )
        for rubbish in (b"first" * 1000, b"second" * 1000):
            path.write_bytes(rubbish)
            Database(f"sqlite:///{path}").close()
    aside = damaged_files(path)
    assert {file.read_bytes()[:5] for file in aside} == {b"first", b"secon"}
    old = path.with_name(f"{path.name}.damaged-20200101T120000.123456789")
    for ending in ("", "-wal"):
        old.with_name(f"{old.name}{ending}").write_bytes(b"third")
    store = RunStore(f"sqlite:///{path}")
    store.cull()
    assert set(path.parent.glob("*.damaged-*")) == set(aside)
    monkeypatch.setenv("INKLING_MAX_DAYS", "14")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 15 * 86_400)
    store.cull()
    assert list(path.parent.glob("*.damaged-*")) == []
    assert store._database.damage_notice() == ""


@pytest.mark.bad_input(23, 24)
@pytest.mark.parametrize("refusing", ["os.replace", "one_at_a_time"])
def test_a_damaged_database_on_a_read_only_disk_is_reported_and_replaced_later(store, path, monkeypatch, refusing):
    finished(store)
    store._database.close()
    overwrite_index(path)

    def refuse(*given):
        raise PermissionError(30, "Read-only file system") if refusing == "os.replace" else sqlite3.OperationalError

    with monkeypatch.context() as read_only:
        read_only.setattr(f"core.store.database.{refusing}", refuse)
        for _ in range(2):
            with pytest.raises(DatabaseTrouble, match=r"is damaged.*cannot be written to"):
                store.listed(MINE)
    with pytest.raises(DatabaseTrouble, match="has been replaced"):
        store.listed(MINE)
    assert store.listed(MINE) == []


@pytest.mark.bad_input(24)
def test_many_processes_that_find_a_damaged_database_at_once_set_one_aside(path):
    path.write_bytes(b"rubbish" * 1000)
    opened = []
    threads = [threading.Thread(target=lambda: opened.append(Database(f"sqlite:///{path}"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    assert len(damaged_files(path)) == 1
    for one in opened:
        with one.reading() as session:
            assert session.scalar(text("SELECT count(*) FROM run")) == 0
        one.close()


@pytest.mark.bad_input(25)
def test_a_text_with_damaged_characters_costs_its_own_run_only(store, path):
    damaged, other = store.submit(MINE, tiny.RECIPE), store.submit(THEIRS, tiny.RECIPE)
    with closing(sqlite3.connect(path)) as connection, connection:
        no_letters = "CAST(x'FF' || substr(recipe, 2) AS TEXT)"
        connection.execute(f"UPDATE run SET recipe = {no_letters}, name = {no_letters} WHERE id = ?", (damaged,))
    assert [run.id for run in store.active()] == [other]
    store.delete(damaged, MINE)
    assert store.claim_next() == other


# Transactions


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


def test_a_worker_that_is_slow_to_write_blocks_nobody_elses_run(postgresql):
    store = RunStore(postgresql())
    slow, other = (store.submit(owner, tiny.RECIPE) for owner in (MINE, THEIRS))
    assert {store.claim_next(), store.claim_next()} == {slow, other}
    attempt = store.begin(slow)[2]
    with store._database.writing(one_row=True) as session:
        session.execute(text("UPDATE run SET heartbeat = 1 WHERE id = :id"), {"id": slow})
        store.ask(other, THEIRS, "stop")  # as a page does, which is to answer at once
        assert store.submit("c" * 64, tiny.RECIPE)
        assert store.begin(other)
    assert store.report(slow, attempt, None) is not None


def test_a_server_that_accepts_no_connection_is_given_up(monkeypatch):
    pytest.importorskip("psycopg")
    monkeypatch.setattr(database, "CONNECT_SECONDS", 2)  # the driver waits no less
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DatabaseTrouble, match="cannot be reached"):
        Database(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/inkling")


def test_a_server_that_stops_responding_is_given_up_and_its_url_may_say_when(postgresql):
    def parameters(url):
        with closing(Database(url)) as opened, opened.reading() as session:
            return session.connection().connection.driver_connection.info.get_parameters()

    url = postgresql()
    found = parameters(url)
    assert int(found["tcp_user_timeout"]) == 1000 * database.SILENT_SECONDS
    assert int(found["keepalives_idle"]) + 2 * int(found["keepalives_interval"]) == database.SILENT_SECONDS
    assert parameters(f"{url}&connect_timeout=42")["connect_timeout"] == "42"


def test_a_statement_that_takes_too_long_is_ended(postgresql, monkeypatch):
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 0.2)
    with (
        closing(Database(postgresql())) as slow,
        pytest.raises(DatabaseTrouble, match="busy"),
        slow.reading() as session,
    ):
        session.execute(text("SELECT pg_sleep(60)"))


def test_a_database_without_a_free_connection_is_reported_as_busy(postgresql, monkeypatch):
    monkeypatch.setattr(database, "FREE_SECONDS", 0.1)
    with closing(Database(postgresql())) as asked, ExitStack() as held:
        for _ in range(database.MOST_CONNECTIONS):
            held.enter_context(asked.reading()).execute(text("SELECT 1"))
        with pytest.raises(DatabaseTrouble, match="busy"), asked.reading() as session:
            session.execute(text("SELECT 1"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://me@127.0.0.1/inkling", "driver is not installed.*pip install 'psycopg"),
        ("my database", "no database's URL"),
        ("postgresql://me@127.0.0.1:port/inkling", "no database's URL"),
        ("mssql://me@127.0.0.1/inkling", "driver is not installed"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_in_a_plain_sentence(url, message, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatabaseTrouble, match=message):
        Database(url)


def test_a_plain_url_of_postgresql_uses_psycopg():
    pytest.importorskip("psycopg")
    assert create_engine("postgresql://me@127.0.0.1/inkling").dialect.driver == "psycopg"


def test_a_pooler_may_give_each_transaction_another_session(postgresql):
    store = RunStore(postgresql())
    for _ in range(20):  # psycopg prepares a statement that it has seen five times
        store.counts()
    with store._database.reading() as session:
        assert session.scalar(text("SELECT current_setting('lock_timeout')")) == "5s"
        assert session.scalar(text("SELECT count(*) FROM pg_prepared_statements")) == 0
    with store._database._engine.raw_connection() as connection:  # what the next user of the session finds
        assert connection.execute("SELECT current_setting('lock_timeout')").fetchone() == ("0",)


def test_a_url_as_many_hosts_write_it_is_understood(postgresql):
    url = postgresql().replace("postgresql+psycopg://", "postgres://")
    assert RunStore(url).counts() == {}


@pytest.mark.bad_input(23)
def test_a_file_system_without_shared_memory_keeps_the_journal_and_says_so(tmp_path, monkeypatch, caplog):
    prepared = []

    class Cursor:
        def execute(self, statement):
            prepared.append(statement)
            return SimpleNamespace(fetchone=lambda: ("delete",))  # as SQLite answers where it cannot use a log

        def close(self):
            pass

    database._prepare_sqlite(SimpleNamespace(cursor=Cursor), None)
    assert "PRAGMA synchronous=FULL" in prepared
    assert "keep INKLING_HOME on a local disk" in caplog.text
