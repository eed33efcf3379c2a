"""All pages: each opens by its own link, and together they stay small."""

import json
import os
import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.harness import APP, NO_SUCH_RUN, PAGES, ROOT, opened, texts, values


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.bad_input(34)
def test_a_page_opened_by_its_own_link_hands_over_to_the_app_with_its_name_and_menu(page, monkeypatch):
    names = []
    monkeypatch.setattr("streamlit.logo", lambda image, **options: names.append(image))
    by_link = AppTest.from_file(APP, default_timeout=30).switch_page(page).run()
    assert names
    assert not by_link.exception
    assert not by_link.error
    assert by_link.title


@pytest.mark.parametrize(
    ("page", "run_id", "way_on"),
    [
        ("train", "nosuchrun", "way_home"),
        ("train", "../../etc/passwd", "way_home"),
        ("model", "<script>", "show_pretrained"),
        ("model", "x" * 5000, "show_pretrained"),
        ("evaluate", "\N{GRINNING FACE}", "evaluate_pretrained"),
    ],
)
@pytest.mark.bad_input(18)
def test_a_link_to_no_run_gets_one_sentence_and_a_way_on(page, run_id, way_on):
    app = opened(page, run=run_id)
    assert values(app.error) == [NO_SUCH_RUN]
    assert not app.get("download_button")
    app.button(key=way_on).click().run()
    assert not app.error
    assert app.query_params.get("run") != run_id


def test_the_start_page_says_what_to_do_and_what_inkling_is():
    app = opened(secret=None)
    assert [title.value for title in app.title] == ["Draw a digit"]
    assert "neural network" in texts(app)


def test_the_web_process_imports_no_training_library_sets_no_timer_without_a_run_and_stays_below_300_megabytes():
    walk = subprocess.run(
        [sys.executable, "-m", "tests.pages.walk"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert walk.returncode == 0, walk.stderr
    seen = json.loads(walk.stdout.splitlines()[-1])
    assert seen["heavy"] == []
    assert seen["megabytes"] < 300
    assert seen["needless on draw"] == []  # the start page
    assert seen["timers while training"] == 1
    # Without MNIST Evaluate works out answers meanwhile; the scoreboard is watched by a room.
    assert set(seen["pages with a timer"]) <= {"pages/evaluate.py", "pages/scoreboard.py"}
