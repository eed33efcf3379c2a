import json
import logging

import psutil
import pytest

from core import __main__ as command
from core import files, logs
from core.engine import status
from core.store.runs import RunStore
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


def test_processes_that_end_meanwhile_are_left_out(store, monkeypatch):
    class Ended:
        def children(self):
            raise psutil.NoSuchProcess(1)

    class Client:
        def scheduler_info(self, **given):
            raise OSError

    command_line = ["python", "-m", "dask", "worker", str(files.home().absolute())]
    monkeypatch.setattr(status, "_commands", lambda: [(Ended(), command_line)])
    assert status._dask("worker") == []
    (files.home() / "engine-other.json").write_text("{}")
    monkeypatch.setattr(status.jobs, "attached", lambda path: Client())
    assert "does not answer" in status.status().problems[0]


def test_a_log_line_has_time_level_logger_and_event():
    record = logging.LogRecord("inkling.runs", logging.INFO, "", 0, "event=queued run=%s", ("abc",), None)
    line = logs._Lines().format(record)
    assert "Z level=INFO from=inkling.runs pid=" in line
    assert line.endswith("event=queued run=abc")
