"""Every registered component renders alone, without a page around it."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.harness import ROOT

COMPONENTS = sorted(
    path.stem
    for path in (ROOT / "pages/components").glob("*/*.py")
    if "register(__file__" in path.read_text(encoding="utf-8")
)


def render(name):
    from tests.pages.components.samples import SAMPLES

    SAMPLES[name]()  # where there is none yet, add one


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_renders_alone(name):
    app = AppTest.from_function(render, default_timeout=30, kwargs={"name": name}).run()
    assert not app.exception
    assert f"inkling.{name}" in {part.proto.component_name for part in app.get("bidi_component")}


def test_no_two_components_share_a_name():
    assert len(COMPONENTS) == len(set(COMPONENTS))
