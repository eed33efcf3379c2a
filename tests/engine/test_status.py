import json
import logging
from types import SimpleNamespace

import psutil
import pytest

from core import __main__ as command
from core import logs
from core.engine import status
from core.engine.version import code_version
from core.store.runs import RunStore
from core.store.workers import Worker, WorkerStore
from tests.training import tiny


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    return RunStore(f"sqlite:///{tmp_path / 'runs.sqlite3'}")


def test_status_has_lines_for_web_engine_database_and_queue(store, capsys):
    run_id = store.submit("me", tiny.RECIPE)
    assert command.main(["status"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("web") for line in lines)
    assert "engine    off" in lines
    assert any(line.startswith("database") and "1 queued" in line for line in lines)
    assert f"waiting   {run_id}: Next in the queue" in lines
    assert any(line.startswith("problem") and "no engine" in line for line in lines)


def test_status_has_the_same_as_json(store, capsys):
    assert command.main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["engine"], found["runs"], found["waiting"], found["is_well"]) == ("off", {}, [], True)


def test_status_says_that_a_database_was_damaged(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    (tmp_path / "runs.sqlite3").write_bytes(b"rubbish" * 1000)
    assert command.main(["status"]) == 1
    assert "was damaged on" in capsys.readouterr().out
    assert RunStore(f"sqlite:///{tmp_path / 'runs.sqlite3'}").counts() == {}


@pytest.mark.parametrize(
    ("url", "named", "said"),
    [
        ("nonsense:secret", "none", "INKLING_DATABASE_URL is no database's URL"),
        ("postgresql://me:secret@127.0.0.1:port/inkling", "none", "INKLING_DATABASE_URL is no database's URL"),
        ("postgresql://me:secret@127.0.0.1:1/inkling", "postgresql://me:***@127.0.0.1:1/inkling", "cannot be reached"),
    ],
)
def test_status_says_why_a_database_cannot_be_opened(store, monkeypatch, capsys, url, named, said):
    pytest.importorskip("psycopg")
    monkeypatch.setenv("INKLING_DATABASE_URL", url)
    assert command.main(["status"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert f"database  {named}: not read" in lines
    (problem,) = (line for line in lines if line.startswith("problem"))
    assert said in problem
    assert "secret" not in str(lines)


@pytest.mark.parametrize("url", ["postgresql://me@127.0.0.1:1/inkling?password=secret", "sqlite:///x?password=secret"])
def test_status_shows_no_password_of_a_url(url):
    assert "secret" not in status._without_password(url)


def test_status_names_the_workers_here_and_elsewhere_and_why_one_cannot_train(store, monkeypatch):
    gone = SimpleNamespace(
        children=lambda: (_ for _ in ()).throw(psutil.NoSuchProcess(1))
    )  # ends while it is looked at
    monkeypatch.setattr(status.engine_process, "engines", lambda: [gone])
    workers = WorkerStore(store.url)
    for worker_id, version, trouble in (("a", code_version(), ""), ("b", "old", ""), ("c", "old", "No TensorFlow.")):
        workers.announce(Worker(worker_id, "elsewhere", "1-1", "", version, trouble=trouble))
    found = status.status()
    assert f"{code_version()}, 1 worker" in found.engine
    assert "old, 1 worker, of another version of the code" in found.engine
    assert (found.workers, found.problems) == ((), ("No TensorFlow.",))


def test_a_log_line_has_time_level_logger_and_event():
    record = logging.LogRecord("inkling.runs", logging.INFO, "", 0, "event=queued run=%s", ("abc",), None)
    line = logs._Lines().format(record)
    assert "Z level=INFO from=inkling.runs pid=" in line
    assert line.endswith("event=queued run=abc")
