"""No page test starts the training engine: it is a stand-in here, and no run is left that a real one would take up.

Nor does any read ten thousand digits in the background.
"""

from contextlib import contextmanager
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner

from core.engine.jobs import EngineState
from core.store.database import Database, DatabaseTrouble
from core.store.runs import RunState, run_store
from pages.components.evaluate import model_and_answers
from pages.components.visitor import engine as engine_module


class StandInEngine:
    """Counts what it is asked for."""

    def __init__(self, store=None):
        self.state, self.workers = EngineState.READY, 1
        self.nudges = self.visits = 0

    def warm_up(self):
        self.visits += 1

    def nudge(self):
        self.nudges += 1

    def close(self):
        pass


class StandInAnswering:
    """Has just begun."""

    answered, probabilities, problem = 0, None, ""


@pytest.fixture
def full_disk(monkeypatch):
    """Within it nothing can be written, while all can be read."""

    def write(database, **how):
        raise DatabaseTrouble("The disk is full.")

    @contextmanager
    def full():
        with monkeypatch.context() as patch:
            patch.setattr(Database, "writing", write)
            yield

    return full


@pytest.fixture(scope="session", autouse=True)
def _packages_are_looked_through_once():
    """Each AppTest would look for components in every package that is installed, for a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def _no_answering(monkeypatch):
    monkeypatch.setattr(model_and_answers, "answering", lambda model, source, run: StandInAnswering())


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    monkeypatch.setenv("INKLING_WARM", "0")  # for the processes that a test starts
    monkeypatch.setattr(engine_module, "Engine", StandInEngine)
    engine_module._engine.clear()
    yield engine_module.engine()
    engine_module._engine.clear()
    while run_store().claim_next(places=1000):
        pass
    for run in run_store().running():
        run_store().leave(run.id, run.attempt, RunState.FAILED, "The test is over.")
