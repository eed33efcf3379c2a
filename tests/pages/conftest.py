"""Each page test begins with an empty store, a stand-in for the training engine, and nothing read in the background."""

from contextlib import contextmanager
from functools import cache

import pytest
import streamlit as st
from sqlalchemy import delete
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner

from core.digits import dataset
from core.engine.local_engine import EngineState
from core.store.database import Base, Database, DatabaseTrouble
from core.store.runs import run_store
from pages.components.evaluate import model_and_answers
from pages.components.visitor import engine as engine_module


class StandInEngine:
    """Counts the requests."""

    def __init__(self, store=None):
        self.state, self.workers, self.trouble = EngineState.READY, 1, ""
        self.queue_checks = self.visits = 0

    def warm_up(self):
        self.visits += 1

    def check_queue(self):
        self.queue_checks += 1

    def close(self):
        pass


class StandInTask:
    """Has read no digit yet."""

    count, probabilities, problem = 0, None, ""


@pytest.fixture
def full_disk(monkeypatch):
    """A context within which nothing can be written and everything can be read."""

    def write(database, **how):
        raise DatabaseTrouble("The disk is full.")

    @contextmanager
    def full():
        with monkeypatch.context() as patch:
            patch.setattr(Database, "writing", write)
            yield

    return full


@pytest.fixture
def no_mnist(monkeypatch, tmp_path):
    """MNIST is not on this machine, and nothing is remembered of it."""

    def forget():
        for remembered in vars(dataset).values():
            getattr(remembered, "cache_clear", lambda: None)()
        st.cache_data.clear()
        st.cache_resource.clear()

    monkeypatch.setenv("INKLING_MNIST", str(tmp_path / "none.npz"))
    forget()
    yield
    forget()


@pytest.fixture(scope="session", autouse=True)
def _keep_keras():
    """Where other tests have imported Keras, Streamlit would reset it after each run of a page, which takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _scan_packages_once():
    """Each AppTest looks for components in every installed package, which takes a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def _no_prediction_task(monkeypatch):
    monkeypatch.setattr(model_and_answers, "prediction_task", lambda model, source, run: StandInTask())


@pytest.fixture(autouse=True)
def _empty_store():
    """Empty the database of the session, which costs a tenth of making one."""
    with run_store()._writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    monkeypatch.setenv("INKLING_WARM", "0")  # for the processes that a test starts
    monkeypatch.setattr(engine_module, "Engine", StandInEngine)
    engine_module._engine.clear()
    yield engine_module.engine()
    engine_module._engine.clear()
