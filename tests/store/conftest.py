import pytest

from core.store.runs import RunStore


@pytest.fixture
def store(database_url):
    """An empty store; a test that asks for it runs on SQLite and on PostgreSQL."""
    return RunStore(database_url)
