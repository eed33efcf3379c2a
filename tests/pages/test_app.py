import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
APP = str(ROOT / "app.py")
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("*.py"))

WALK = """
import json, sys
from pathlib import Path
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest
from core.networks.model import pretrained
from core.store.runs import RunState, run_store
from tests.played import OWNER, SECRET

send, timers, page = ScriptRunContext.enqueue, [], ""
def noted(context, message):
    if message.WhichOneof("type") == "auto_rerun" and message.auto_rerun.interval < 60:  # else a sign of presence
        timers.append(page)
    send(context, message)
ScriptRunContext.enqueue = noted

run_id = run_store().submit(OWNER, pretrained().recipe)
run_store().claim_next()  # one that waits would call for the engine
app = AppTest.from_file(sys.argv[1], default_timeout=60)
app.session_state["workspace"] = SECRET
app.run()
while_training = len(timers)
run_store().leave(run_id, 0, RunState.STOPPED, "")
timers.clear()

path = [["M", 80, 60], ["L", 200, 60], ["L", 120, 230]]
for page in sys.argv[2:]:
    app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
    app.switch_page(page).run()
    assert not app.exception and not app.error, (page, app.exception, app.error)
    if page == "pages/draw.py":
        key = f"board_{app.session_state['board_number']}"
        drawing = {"raw": {"objects": [{"path": path}]}, "data": None}
        app.session_state[key] = {"drawing": drawing, "backgroundFit": None}
        app.run()
        assert not app.exception and not app.error
        needless = sorted({"distributed", "matplotlib"} & set(sys.modules))
status = Path("/proc/self/status")
memory = int(status.read_text().split("VmRSS:")[1].split()[0]) / 1000 if status.exists() else 0
print(json.dumps({
    "heavy": sorted({"tensorflow", "keras", "torch"} & set(sys.modules)), "megabytes": memory,
    "needless": needless, "while_training": while_training, "idle": timers,
}))
"""


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


def test_the_start_page_says_what_to_do_and_what_inkling_is():
    app = AppTest.from_file(APP, default_timeout=30).run()
    assert [title.value for title in app.title] == ["Draw a digit"]
    assert any("neural network" in text.value for text in app.markdown)


def test_the_web_process_imports_no_training_library_sets_no_timer_without_a_run_and_stays_below_300_megabytes():
    walk = subprocess.run(
        [sys.executable, "-c", WALK, APP, *PAGES],
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
    assert seen["needless"] == []  # on the start page
    assert seen["while_training"] == 1
    # Without MNIST Evaluate works out answers meanwhile; the scoreboard is watched by a room.
    assert set(seen["idle"]) <= {"pages/evaluate.py", "pages/scoreboard.py"}
