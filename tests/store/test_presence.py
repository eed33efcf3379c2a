import time

from sqlalchemy.exc import OperationalError

from core.store import presence
from core.store.presence import HERE_SECONDS, KEPT_SECONDS, Presence


def test_a_workspace_with_an_open_page_is_counted_once_until_its_heartbeat_times_out(tmp_path, monkeypatch):
    url, now = f"sqlite:///{tmp_path / 'runs.sqlite3'}", time.time()
    here, other_process = Presence(url), Presence(url)
    monkeypatch.setattr(presence.time, "time", lambda: now)
    here.mark("a" * 64)
    here.mark("a" * 64)
    other_process.mark("b" * 64)
    assert here.count() == other_process.count() == 2
    now += HERE_SECONDS + 1
    other_process.mark("b" * 64)
    assert here.count() == 1
    now += KEPT_SECONDS + 1
    here.mark("c" * 64)  # forgets who has long been gone
    now -= KEPT_SECONDS + 1
    assert here.count() == 1  # of the two, had nobody been forgotten


def test_a_heartbeat_that_cannot_be_written_is_ignored(tmp_path, monkeypatch):
    room = Presence(f"sqlite:///{tmp_path / 'runs.sqlite3'}")

    def full(*_):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(presence, "delete", full)
    room.mark("a" * 64)
    monkeypatch.undo()
    assert room.count() == 0
