"""Opens every page in a process of its own and prints what this process imported, how large it is and who set a timer.

Run by test_app.py: `python -m tests.pages.walk`, with `INKLING_HOME` set.
"""

import json
import sys
from pathlib import Path

from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest

from core.networks.model import pretrained
from core.store.run_tables import RunState
from core.store.runs import run_store
from tests.pages.harness import APP, PAGES, SEVEN, draw, opened
from tests.ready_runs import OWNER

send, timers, page = ScriptRunContext.enqueue, [], ""


def enqueue(context, message):
    """Note the page whenever Streamlit is asked to run a part of it again within a minute."""
    if message.WhichOneof("type") == "auto_rerun" and message.auto_rerun.interval < 60:  # else a heartbeat
        timers.append(page)
    send(context, message)


ScriptRunContext.enqueue = enqueue
run_id = run_store().submit(OWNER, pretrained().recipe)
run_store().claim_next()  # one that waits would call for the engine
opened()
while_training = len(timers)
run_store().leave(run_id, 0, RunState.STOPPED, "")
timers.clear()

needless = set()
for page in PAGES:
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page(page).run()
    if page == "pages/draw.py":
        draw(app, SEVEN)
        needless = {"distributed", "matplotlib"} & set(sys.modules)
    assert not app.exception, (page, app.exception)
    assert not app.error, (page, app.error)
status = Path("/proc/self/status")
memory = int(status.read_text().split("VmRSS:")[1].split()[0]) / 1000 if status.exists() else 0
print(
    json.dumps(
        {
            "heavy": sorted({"tensorflow", "keras", "torch"} & set(sys.modules)),
            "megabytes": memory,
            "needless on draw": sorted(needless),
            "timers while training": while_training,
            "pages with a timer": timers,
        }
    )
)
