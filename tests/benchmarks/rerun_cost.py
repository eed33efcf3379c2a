"""What a rerun of each page costs, however many runs there are: `python -m tests.benchmarks.rerun_cost`.

A workspace with 2 runs and one with 2,000, each run with a full curve and a recipe of its own, look at the pages in
turns. The figure is processor time, of which the median is compared.
"""

import hashlib
import logging
import os
import statistics
import tempfile
import time
from dataclasses import asdict

from sqlalchemy import insert, update

from core.networks.history import BatchProgress, EpochResult
from core.networks.model import pretrained
from core.networks.presets import FAST
from core.store.run_tables import RunData, RunRow, RunState
from core.store.runs import RunStore, run_store
from tests.benchmarks import report
from tests.pages.harness import opened
from tests.ready_runs import OWNER, SECRET

PAGES = ("train", "model", "evaluate", "runs")
FEW, MANY = 2, 2_000
POINTS = 290  # of each run's curve
REPEATS = 15
OTHER_SECRET = "B" * 43


def fill(store: RunStore, owner: str, count: int) -> None:
    """Give a workspace runs as a worker leaves them, but for their files."""
    points = [asdict(BatchProgress(1, step, POINTS, 0.5, 0.9, 0.001, 900.0, step / 50)) for step in range(POINTS)]
    row = {
        "owner": owner,
        "state": RunState.FINISHED,
        "points": points,
        "history": [asdict(EpochResult(1, 0.2, 0.95, 0.001, 0.1, 0.97))],
        "scores": pretrained().scores.model_dump_json(),
        "queued": 0.0,
    }
    now = time.time()
    rows = [
        row
        | {
            "id": f"{owner[:8]}{number:08}",
            "name": f"Run {number}",
            "recipe": FAST.model_copy(update={"seed": number}).to_json(),
            "created": now - number,
            "ended": now - number,
        }
        for number in range(count)
    ]
    model = pretrained().to_bytes()
    with store._database.writing() as session:
        session.execute(insert(RunRow), rows)
        session.execute(insert(RunData), [{"id": one["id"]} for one in rows])
        session.execute(update(RunData).where(RunData.id.in_([one["id"] for one in rows[:2]])).values(model=model))


def main() -> None:
    """Measure and report."""
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"INKLING_HOME": folder, "INKLING_WARM": "0", "INKLING_MAX_RUNS": "10000"}
        fill(run_store(), OWNER, FEW)
        fill(run_store(), hashlib.sha256(OTHER_SECRET.encode()).hexdigest(), MANY)
        seconds = {page: _compared(page) for page in PAGES}
    ratios = {page: many / few for page, (few, many) in seconds.items()}
    report(seconds=seconds, ratios=ratios, rerun_cost_2000_over_2=max(ratios.values()))


def _compared(page: str) -> tuple[float, float]:
    """The median processor time of a rerun with few runs and with many, measured in turns."""
    apps = [opened(page, secret=secret) for secret in (SECRET, OTHER_SECRET)]
    times: list[list[float]] = [[], []]
    for app in apps:
        app.run()  # fills the caches
        assert not app.exception, app.exception
    for _ in range(REPEATS):
        for app, measured in zip(apps, times, strict=True):
            began = time.process_time()
            app.run()
            measured.append(time.process_time() - began)
    few, many = (statistics.median(measured) for measured in times)
    print(f"{page}: {1000 * few:.0f} ms with {FEW} runs, {1000 * many:.0f} ms with {MANY:,}", flush=True)
    return few, many


if __name__ == "__main__":
    main()
