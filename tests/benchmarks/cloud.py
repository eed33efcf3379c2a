"""A small cloud machine: a clean environment made with uv, the app with such a host's settings, a walk over all pages.

Prints the memory of all the app's processes before the first visit to Train and at its highest while training, and
ends with exit code 1 where it is more than such a machine has.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import expect

from tests.app_server import ROOT, Visit, chromium, serve, until
from tests.benchmarks import report

MOST_MB_BEFORE_TRAIN = 690  # what Streamlit Community Cloud promises
MOST_MB_WHILE_TRAINING = 1800
FORCED = ("--client.showErrorDetails=none", "--browser.gatherUsageStats=false")  # by such a host


def main() -> None:
    """Install, start, walk, train, report."""
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if not uv:
        print("This benchmark needs uv.", file=sys.stderr)
        sys.exit(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("Installing requirements.txt with uv into a clean environment ...", flush=True)
        began = time.monotonic()
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
        python = folder / "venv" / "bin" / "python"
        install = [uv, "pip", "install", "--quiet", "--python", python, "-r", ROOT / "requirements.txt"]
        subprocess.run(install, check=True)
        install_seconds = time.monotonic() - began
        tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for file in tracked.splitlines():
            target = folder / "app" / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, target)
        figures = _walk(folder / "app", python)
    report(install_seconds=install_seconds, **figures)
    if figures["mb_before_train"] > MOST_MB_BEFORE_TRAIN or figures["mb_while_training"] > MOST_MB_WHILE_TRAINING:
        sys.exit(1)


def _walk(app: Path, python: Path) -> dict[str, float]:
    with chromium() as browser, serve(app / ".inkling", app=app, python=python, options=FORCED) as server:
        visit = Visit(browser.new_page(), server.url)
        for path in ("/", "/model"):
            _open(visit, path)
        before_train = _resident_megabytes(app)
        print(f"Before the first visit to Train: {before_train:.0f} MB. Training ...", flush=True)
        _open(visit, "/train")
        visit.page.get_by_role("button", name="Train", exact=True).click()
        highest = 0.0
        done = visit.page.get_by_role("button", name="Draw with it")
        deadline = time.monotonic() + 300
        while not done.is_visible():
            highest = max(highest, _resident_megabytes(app))
            if time.monotonic() > deadline:
                raise TimeoutError("the training did not end")
            visit.page.wait_for_timeout(200)
    until(lambda: not _processes(app), "all processes have ended")
    return {"mb_before_train": before_train, "mb_while_training": highest}


def _open(visit: Visit, path: str) -> None:
    visit.goto(path)
    expect(visit.page.get_by_test_id("stException")).to_have_count(0)


def _processes(app: Path) -> list[psutil.Process]:
    """The web process and the engine's, found by the folder that they work in."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if process.info["cwd"] == str(app) and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def _resident_megabytes(app: Path) -> float:
    total = 0
    for process in _processes(app):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6


if __name__ == "__main__":
    main()
