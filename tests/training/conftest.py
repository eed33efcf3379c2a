import pytest

from core.training import keras_models


@pytest.fixture(scope="session", autouse=True)
def _keep_compiled_models():
    """Trace each network once per session, not whenever two others were trained in between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras_models, "MAX_COMPILED_MODELS", 100)
        yield
        keras_models._compiled.clear()
