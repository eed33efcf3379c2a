import numpy as np
import pytest
from sqlalchemy import select, text

from core.store.database import Base, database
from core.store.drawings import MAX_DRAWINGS, DrawingStore
from core.store.presence import Presence
from core.store.privacy import Holdings, Privacy, kept
from core.store.run_tables import NoSuchRun
from core.store.runs import RunStore
from core.store.scoreboard import Scoreboard
from core.store.unsaved_models import held_model, hold_model
from tests.ready_runs import finished_run
from tests.training import tiny

MINE, THEIRS = "a" * 64, "b" * 64


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'runs.sqlite3'}"


def rows(url):
    """How many rows each table has."""
    with database(url).reading() as session:
        return {table.name: len(session.execute(select(table)).all()) for table in Base.metadata.sorted_tables}


def test_everything_of_a_workspace_is_deleted_and_nothing_of_anybody_else(url):
    store, board, privacy = RunStore(url), Scoreboard(url), Privacy(url)
    for owner in (THEIRS, MINE):
        store.delete(finished_run(recipe=tiny.RECIPE, owner=owner, store=store), owner)
        run = store.run(finished_run(recipe=tiny.RECIPE, owner=owner, store=store))
        board.join(run, owner, "Ada")
        DrawingStore(url).keep(owner, np.eye(28, dtype=np.uint8), 7)
        Presence(url).mark(owner)
    training = store.submit(MINE, tiny.RECIPE)
    store.claim_next()
    attempt = store.begin(training)[2]
    assert privacy.holdings(MINE) == Holdings(runs=2, drawings=1, entries=1)

    privacy.forget(MINE)
    assert privacy.holdings(MINE).is_empty
    assert store.report(training, attempt, None) is None  # its worker leaves it
    with pytest.raises(NoSuchRun):
        store.model(training)
    assert privacy.holdings(THEIRS) == Holdings(runs=1, drawings=1, entries=1)
    assert all(count == 1 for name, count in rows(url).items() if name not in ("setting", "worker"))


def test_deleted_data_is_left_neither_in_the_databases_files_nor_in_memory(url, tmp_path, monkeypatch):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    store, named = RunStore(url), "A name that nobody else gives"
    run_id = store.submit(MINE, tiny.RECIPE, named)
    DrawingStore(url).keep(MINE, np.full((28, 28), 0xA7, np.uint8), 7)
    hold_model(run_id, b"model")

    def found():
        content = b"".join(path.read_bytes() for path in tmp_path.glob("runs.sqlite3*"))
        return named.encode() in content, b"\xa7" * 784 in content, held_model(run_id) is not None

    assert found() == (True, True, True)
    Privacy(url).forget(MINE)
    assert found() == (False, False, False)


def test_sqlite_overwrites_deleted_data(url):
    with database(url).reading() as session:
        assert session.execute(text("PRAGMA secure_delete")).scalar_one() == 1


def test_every_table_with_personal_data_is_found_by_its_owner():
    nobodys = {
        table.name
        for table in Base.metadata.sorted_tables
        if "owner" not in table.c and not any("owner" in key.column.table.c for key in table.foreign_keys)
    }
    assert nobodys == {"setting", "worker"}


def test_the_list_of_what_is_kept_names_the_limits_in_force(monkeypatch):
    monkeypatch.setenv("INKLING_MAX_DAYS", "14")
    told = " ".join(one.until for one in kept())
    assert f"{MAX_DRAWINGS} at most" in told
    assert "60 minutes" in told
    assert told.count("14 days") == 4
    assert all(one.what and one.why and one.until for one in kept())
