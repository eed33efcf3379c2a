"""A small cloud machine: a clean environment made with uv, the app with such a host's settings, a walk over all pages.

Prints the memory of all the app's processes before the first visit to Train and at its highest while training, and
ends with exit code 1 where it is more than such a machine has.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
from playwright.sync_api import Page, expect, sync_playwright

from tests.benchmarks import report

ROOT = Path(__file__).parents[2]
READY = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
MOST_MB_BEFORE_TRAIN = 690  # what Streamlit Community Cloud promises
MOST_MB_WHILE_TRAINING = 1800
FORCED = ("--server.headless=true", "--client.showErrorDetails=none", "--browser.gatherUsageStats=false")


def main() -> None:
    """Install, start, walk, train, report."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if not chromium or not uv:
        print("This benchmark needs uv and Chromium.", file=sys.stderr)
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
        figures = _walk(folder / "app", python, chromium)
    report(install_seconds=install_seconds, **figures)
    if figures["mb_before_train"] > MOST_MB_BEFORE_TRAIN or figures["mb_while_training"] > MOST_MB_WHILE_TRAINING:
        sys.exit(1)


def _walk(app: Path, python: Path, chromium: str) -> dict[str, float]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {"INKLING_HOME": str(app / ".inkling")}
    command = [python, "-m", "streamlit", "run", "app.py", f"--server.port={port}", *FORCED]
    web = subprocess.Popen(command, cwd=app, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: _answers(f"{url}/_stcore/health"), "the server answers")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page()
            for path in ("/", "/model"):
                _open(page, url + path)
            before_train = _resident_megabytes(app)
            print(f"Before the first visit to Train: {before_train:.0f} MB. Training ...", flush=True)
            _open(page, f"{url}/train")
            page.get_by_role("button", name="Train", exact=True).click()
            highest = 0.0
            done = page.get_by_role("button", name="Draw with it")
            deadline = time.monotonic() + 300
            while not done.is_visible():
                highest = max(highest, _resident_megabytes(app))
                if time.monotonic() > deadline:
                    raise TimeoutError("the training did not end")
                page.wait_for_timeout(200)
            browser.close()
    finally:
        web.send_signal(2)
        web.wait(30)
    _until(lambda: not _processes(app), "all processes have ended")
    return {"mb_before_train": before_train, "mb_while_training": highest}


def _open(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(READY)).to_be_attached(timeout=60_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)


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


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1):
            return True
    except OSError:
        return False


def _until(condition, what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain until {what}")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
