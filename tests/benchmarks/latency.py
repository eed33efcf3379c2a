"""How long a click on Train takes to show its first point, with the engine cold and with it warm."""

import os
import statistics
import tempfile
import time
from pathlib import Path

from core.networks.recipe import FAST
from core.training import jobs
from core.training.jobs import Engine
from core.training.runs import RunStore
from tests.benchmarks import mnist_or_exit, report

REPEATS = 5
SETTLING_SECONDS = 20  # in which the worker has warmed up beside its first run, whatever the machine


def main() -> None:
    """Measure and report."""
    mnist_or_exit()
    with tempfile.TemporaryDirectory() as home:
        os.environ["INKLING_HOME"] = home
        store = RunStore(f"sqlite:///{Path(home) / 'runs.sqlite3'}")
        engine = Engine(store)
        try:
            print("The default recipe, from the click to the first point. Engine off ...", flush=True)
            cold = _seconds_to_first_point(store, engine)
            time.sleep(SETTLING_SECONDS)
            print(f"{cold:.2f} s. Engine warm, {REPEATS} times ...", flush=True)
            warm = statistics.median(_seconds_to_first_point(store, engine) for _ in range(REPEATS))
            print(f"{warm:.2f} s.")
        finally:
            engine.close()
            jobs.stop()
    report(train_click_to_first_point_cold_s=cold, train_click_to_first_point_s=warm)


def _seconds_to_first_point(store: RunStore, engine: Engine) -> float:
    """Submit as the page does, look as often as a fast page would, and let the run end."""
    began = time.monotonic()
    run_id = store.submit("benchmark", FAST)
    engine.nudge()
    while not store.run(run_id).points:
        time.sleep(0.02)
    seconds = time.monotonic() - began
    while store.run(run_id).state.is_active:
        time.sleep(0.1)
    return seconds


if __name__ == "__main__":
    main()
