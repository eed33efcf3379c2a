"""Hostile visitors: thousands of damaged and forged models, recipes, pictures, drawings, addresses and names.

Nineteen in twenty go through the core functions that the pages call, in a process whose memory is bounded; the others
through a real server, by upload, address, canvas, component or raw frame. A case is handled where it is taken or
refused with one of Inkling's sentences. What is counted:

    uncaught            cases that ended in anything else: an exception, a page with an exception or an incident on it
    streamlit_refusals  of the server's cases, those that Streamlit itself stumbled over before the page was asked
                        (JSON that is nested a thousand deep): a redacted sentence stands there until it is reloaded
    web_deaths          times that a process died, or did not answer for a minute
    verdict_p99_s       seconds until a case was handled
    peak_growth_mb      the most that a case made a process grow while it was handled
    files_outside       files that were written outside Inkling's home

`--first` and `--only` repeat a case by its number.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain
from pathlib import Path
from queue import Empty, Queue
from random import Random
from threading import Thread
from typing import Any

import numpy as np
import psutil
from websockets.exceptions import ConnectionClosed

from core.errors import InklingError
from tests import mutations
from tests.app_server import serve
from tests.benchmarks import report
from tests.hostile_visitor import Visitor

ROOT = Path(__file__).parents[2]
SERVED = 20  # every such case goes to the server
STAY = 10  # cases that a visitor sends, one after the other
HEADROOM = 700_000_000  # bytes of address space beyond what a warm process has
PATIENCE = 60  # seconds for a case
INCIDENT = "it is our fault"  # part of the sentence that stands for a bug

# Put into every process: notes each file that is opened to be written, made, moved or removed outside the home.
WATCH = """
import os, sys
_home, _log = os.path.realpath(os.environ["WATCHED_HOME"]), os.environ["WATCH_LOG"]
def _watch(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        paths = [path] if isinstance(path, (str, bytes)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else []
    elif event in ("os.rename", "os.link", "os.symlink"):
        paths = arguments[:2]
    elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "sqlite3.connect"):
        paths = arguments[:1]
    else:
        return
    for path in paths:
        if not isinstance(path, (str, bytes)):
            continue
        path = os.path.realpath(os.fsdecode(path))
        if not path.startswith((_home + os.sep, "/dev/", "/proc/")) and path not in (_home, _log):
            descriptor = os.open(_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(descriptor, f"{event} {path}\\n".encode("utf-8", "replace"))
            os.close(descriptor)
sys.addaudithook(_watch)
"""


def main() -> int:
    """Run the cases and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", choices=["core", "server"])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    numbers = range(chosen.first, chosen.first + chosen.cases)
    core_numbers = [number for number in numbers if number % SERVED]
    if chosen.child:
        for result in _core_cases(chosen.seed, core_numbers):
            print(json.dumps(result), flush=True)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        watch = _watched(Path(folder))
        results: list[dict[str, Any]] = []
        if chosen.only != "server":
            print(f"{len(core_numbers)} cases through the core ...", flush=True)
            results += _in_children(chosen.seed, core_numbers, watch | {"INKLING_HOME": watch["HOME"] + "/core"})
        if chosen.only != "core":
            served = [number for number in numbers if not number % SERVED]
            print(f"{len(served)} cases through a server ...", flush=True)
            results += _through_server(chosen.seed, served, watch)
        outside = Path(watch["WATCH_LOG"])
        written = outside.read_text().splitlines() if outside.exists() else []
    for line in sorted(set(written)):
        print("Outside:", line)
    for result in results:
        if result["outcome"] in ("uncaught", "death", "streamlit"):
            print(f"Case {result['case']} ({result['kind']}): {result['outcome']}: {result['problem']}")
    seconds = np.array([result["seconds"] for result in results])
    outcomes = Counter(result["outcome"] for result in results)
    figures = {
        "cases": dict(sorted(Counter(result["kind"] for result in results).items())),
        "taken": outcomes["taken"],
        "refused": outcomes["refused"],
        "uncaught": outcomes["uncaught"],
        "streamlit_refusals": outcomes["streamlit"],
        "web_deaths": outcomes["death"],
        "verdict_p99_s": float(np.quantile(seconds, 0.99)),
        "verdict_max_s": float(seconds.max()),
        "peak_growth_mb": max(result["growth_mb"] for result in results),
        "files_outside": len(set(written)),
    }
    for measure in ("growth_mb", "seconds"):
        for worst in sorted(results, key=lambda result: -result[measure])[:4]:
            print(f"Case {worst['case']} ({worst['kind']}): {worst['growth_mb']:.0f} MB, {worst['seconds']:.2f} s.")
    report(**figures)
    is_good = not (figures["uncaught"] or figures["web_deaths"] or figures["files_outside"])
    return 0 if is_good and figures["verdict_p99_s"] <= 2 and figures["peak_growth_mb"] <= 200 else 1


def _watched(folder: Path) -> dict[str, str]:
    """An environment in which processes keep everything in a new home, and are watched."""
    (folder / "hook").mkdir()
    (folder / "hook" / "sitecustomize.py").write_text(WATCH)
    home = folder / "home"
    (home / "tmp").mkdir(parents=True)
    return {
        "PYTHONPATH": os.pathsep.join([str(folder / "hook"), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WATCHED_HOME": str(home),
        "WATCH_LOG": str(folder / "outside.log"),
        "INKLING_HOME": str(home / "inkling"),
        "INKLING_WARM": "0",
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
    }


# Through the core, in a child


def _in_children(seed: int, numbers: list[int], watch: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Run the cases in a child process, and in a new one from the next case on where it dies."""
    left = list(numbers)
    while left:
        first, count = left[0], left[-1] - left[0] + 1
        command = [sys.executable, "-m", "tests.benchmarks.hostile", "--child", f"--seed={seed}"]
        child = subprocess.Popen(
            [*command, f"--first={first}", f"--cases={count}"],
            env=os.environ | watch, cwd=watch["HOME"], stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        heard: Queue[str] = Queue()
        Thread(target=_listen, args=(child.stdout, heard), daemon=True).start()
        while left:
            try:
                line, problem = heard.get(timeout=PATIENCE), "it ended"
            except Empty:
                line, problem = "", "no answer"
            if not line:
                child.kill()
                yield _result(left.pop(0), "core", "death", f"{problem}: {child.wait()}")
                break
            yield json.loads(line)
            left.pop(0)
            if len(left) % 500 == 0:
                print(f"{len(left)} left", flush=True)
        child.wait()


def _listen(stream: Iterable[str], heard: "Queue[str]") -> None:
    for line in chain(stream, [""]):
        heard.put(line)


def _result(case: int, kind: str, outcome: str, problem: str = "", seconds: float = 0.0, growth: float = 0.0) -> dict:
    return {
        "case": case, "kind": kind, "outcome": outcome, "problem": problem, "seconds": seconds, "growth_mb": growth
    }  # fmt: skip


def _core_cases(seed: int, numbers: list[int]) -> Iterator[dict[str, Any]]:
    kinds = _kinds()
    for kind, handle in kinds.items():  # warm up: what is read once and kept is no growth
        _measured(0, kind, handle, Random(f"warm {seed}"), os.getpid())
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + HEADROOM, now + HEADROOM))
    shares = ["model"] * 6 + ["recipe"] * 3 + ["link"] * 2 + ["picture"] * 5 + ["drawing"] * 5 + ["name"] * 2
    for number in numbers:
        random = Random(f"{seed} {number}")
        kind = random.choice(shares)
        yield _measured(number, kind, kinds[kind], random, os.getpid())


def _measured(
    number: int, kind: str, handle: Callable[[Random], Callable[[], object]], random: Random, pid: int
) -> dict[str, Any]:
    """Make the case, then let it be handled; only the latter counts."""
    problem, before, began = "", _memory(pid), time.perf_counter()
    try:
        case = handle(random)
        before, began = _memory(pid, reset=True), time.perf_counter()
        outcome = str(case() or "taken")
    except InklingError as refusal:
        outcome = "refused" if str(refusal).endswith((".", "?")) and len(str(refusal)) < 1_000 else "uncaught"
        problem = str(refusal)[:300]
    except ConnectionClosed as closed:
        outcome, problem = "refused", str(closed)
    except Exception as fault:
        outcome, problem = "uncaught", f"{type(fault).__name__}: {fault}"[:300]
    seconds = time.perf_counter() - began
    return _result(number, kind, outcome, problem, seconds, max(0.0, _memory(pid, peak=True) - before))


def _memory(pid: int, reset: bool = False, peak: bool = False) -> float:
    """Resident megabytes now, or at the most since the last reset."""
    if reset:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:" if peak else "VmRSS:")[1].split()[0]) / 1000


def _kinds() -> dict[str, Callable[[Random], Callable[[], object]]]:
    """For each kind of case, what makes one from a random source, ready to be handled."""
    from core.digits.pictures import read_picture
    from core.insight.prediction import answer_drawing, answer_picture
    from core.networks.keras_script import file_stem, keras_code
    from core.networks.model import pretrained, read_model
    from core.networks.names import MAX_NAME, clean_name
    from core.networks.network import MAX_PARAMETERS
    from core.networks.recipe import parse_recipe
    from core.networks.recipe_link import from_link, to_link
    from core.reports.progress import score_words
    from core.store.runs import run_store
    from pages.components.base.errors import plain
    from tests.drawings import SEVEN, canvas
    from tests.ready_runs import OWNER

    seven = canvas(SEVEN)
    run_id = run_store().submit(OWNER, pretrained().recipe)

    def model(random: Random) -> Callable[[], object]:
        content = mutations.model(random)

        def handle() -> None:
            read = read_model(content)
            assert read.network.parameters <= MAX_PARAMETERS
            answer_drawing(read, seven)
            assert len(plain(score_words(read.scores))) < 200
            keras_code(read.network)
            to_link(read.recipe)

        return handle

    def recipe(random: Random) -> Callable[[], object]:
        content = mutations.recipe(random)

        def handle() -> None:
            read = parse_recipe(content)
            assert parse_recipe(read.to_json()) == from_link(to_link(read)) == read

        return handle

    def link(random: Random) -> Callable[[], object]:
        text = mutations.link(random)
        return lambda: from_link(text).network.table() and None

    def picture(random: Random) -> Callable[[], object]:
        content = mutations.picture(random)
        return lambda: answer_picture(pretrained(), read_picture(content)) and None

    def drawing(random: Random) -> Callable[[], object]:
        text = mutations.drawing(random)

        def handle() -> str:
            try:
                sent = json.loads(text)
            except (ValueError, RecursionError):
                return "refused"  # as Streamlit does, which parses it
            held = sent.get("drawing") if isinstance(sent, dict) else None
            answer = answer_drawing(pretrained(), held.get("raw") if isinstance(held, dict) else held)
            return "refused" if answer.image is None else "taken"

        return handle

    def name(random: Random) -> Callable[[], object]:
        text = mutations.name(random)

        def handle() -> None:
            label, stem = clean_name(text), file_stem(text)
            assert 1 <= len(label) <= MAX_NAME
            assert label.isprintable()
            assert not set(stem) & set("/\\\0:"), stem
            run_store().rename(run_id, OWNER, text)
            assert run_store().run(run_id).name == label

        return handle

    return {"model": model, "recipe": recipe, "link": link, "picture": picture, "drawing": drawing, "name": name}


# Through a server


def _through_server(seed: int, numbers: list[int], watch: dict[str, str]) -> Iterator[dict[str, Any]]:
    left = list(numbers)
    while left:
        with serve(Path(watch["HOME"]), may_stumble=True, **watch) as server:
            run_id = _finished_run(watch)
            for page in mutations.PAGES:
                with Visitor(server.url) as visitor:
                    visitor.run(page=page)  # what is read once and kept is no growth
            with ExitStack() as visit:
                visitor, stay = visit.enter_context(Visitor(server.url)), STAY
                while left and not _is_dead(server.pid):
                    number, stay = left.pop(0), stay - 1
                    random = Random(f"{seed} {number}")
                    kind, prepare = random.choice(_SERVED)
                    visitor.state.clear()
                    result = _measured(number, kind, partial(prepare, visitor, run_id), random, server.pid)
                    yield result
                    if _is_dead(server.pid):
                        yield _result(number, kind, "death", "the server has ended")
                    elif stay == 0 or result["outcome"] != "taken":
                        visit.close()
                        visitor, stay = visit.enter_context(Visitor(server.url)), STAY
                    if len(left) % 25 == 0:
                        print(f"{len(left)} left", flush=True)


def _is_dead(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def _finished_run(watch: dict[str, str]) -> str:
    """A run in the server's store, made in a process of its own."""
    code = "from tests.ready_runs import finished_run; print(finished_run('Mine'))"
    made = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | watch, capture_output=True, text=True, check=True
    )
    return made.stdout.split()[-1]


def _judged(seen: Any) -> str:
    """What came of a page."""
    faults = [text for text in seen.texts if INCIDENT in text]
    if faults:
        raise AssertionError(faults[0])
    return "streamlit" if seen.exceptions else "taken"


def _by_address(visitor: Visitor, run_id: str, random: Random) -> Callable[[], str]:
    page, query = mutations.address(random, run_id)
    query = query.encode("utf-8", "replace").decode()
    return lambda: _judged(visitor.run(query, page=page))


def _by_upload(visitor: Visitor, run_id: str, random: Random) -> Callable[[], str]:
    is_model = random.random() < 0.5
    content = mutations.model(random) if is_model else mutations.picture(random)
    name = random.choice(["x.safetensors", "x.png", *mutations.TEXTS])
    name = "".join(letter for letter in name if letter not in '\r\n"').encode("utf-8", "replace").decode()
    seen = visitor.unfold(visitor.run(page="draw").widgets["model" if is_model else "open_picture"])
    _judged(seen)
    widgets = seen.widgets
    uploader = min(key for key in widgets if key.startswith("model_file" if is_model else "picture_file"))

    def handle() -> str:
        status, file_id = visitor.upload(content, name)
        if status != 204:
            return "refused"
        visitor.choose(widgets[uploader], file_id, name, len(content))
        return _judged(visitor.run())

    return handle


def _by_component(visitor: Visitor, run_id: str, random: Random) -> Callable[[], str]:
    page = random.choice(mutations.PAGES)
    named = random.choice(["tapped", "chosen", "picked", "found", "removed", "turned", "followed", "cell", "value"])
    seen = visitor.run(f"run={run_id}", page=page)
    _judged(seen)
    components = sorted(key for key in seen.widgets if "file" not in key)
    boards = [key for key in components if re.fullmatch(r"board_\d+", key)]
    if boards:
        components, content = boards, mutations.drawing(random)
    else:
        components, content = components[-3:], json.dumps({named: mutations.json_value(random)})
    for key in components:
        visitor.tell(seen.widgets[key], content.encode("utf-8", "replace").decode())
    return lambda: _judged(visitor.run(f"run={run_id}", page=page))


def _by_request(visitor: Visitor, run_id: str, random: Random) -> Callable[[], str]:
    path = random.choice(["/", "/app/static/", "/media/", "/component/", "/_stcore/", "/static/", "/learn/"])
    path += random.choice(["../../../../etc/passwd", "..%2f..%2fapp.py", "%2e%2e/app.py", "x" * 5_000, "%00", "stream"])
    method = random.choice(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
    visitor.run()
    frame = random.choice([random.randbytes(200), random.randbytes(5_000_000), bytes(17_000_000), b"", "text"])

    def handle() -> str:
        status, _, body = visitor.request(method, path)
        assert status < 500, f"{method} {path[:80]}: {status}"
        assert b"root:" not in body, path
        assert b"router.navigation" not in body, path
        for session in ("nobody", "../" * 5):
            assert visitor.upload(b"x", session=session)[0] in (400, 403, 404, 405), session
        assert visitor.upload(b"x", xsrf="")[0] == 403, "an upload without a token"
        visitor.say(frame)
        return _judged(visitor.run())

    return handle


_SERVED = [
    *[("address", _by_address)] * 4,
    *[("upload", _by_upload)] * 3,
    *[("component", _by_component)] * 3,
    ("request", _by_request),
]

if __name__ == "__main__":
    sys.exit(main())
