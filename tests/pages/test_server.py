"""The server that people reach: what its configuration closes, and what becomes of those who send it nonsense."""

import json
import re
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

from core.networks.model import MAX_FILE_BYTES
from tests.app_server import serve
from tests.drawings import SEVEN, canvas
from tests.hostile_visitor import PATIENCE, Visitor

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("server"), INKLING_WARM="0") as server:
        yield server.url


@pytest.fixture
def visitor(url):
    with Visitor(url) as visitor:
        yield visitor


def board(seen):
    return next(widget for key, widget in seen.widgets.items() if re.fullmatch(r"board_\d+", key))


def answer(seen):
    return json.loads(seen.sent["inkling.answer"])


def draw(visitor, drawing):
    visitor.tell(board(visitor.run()), json.dumps({"drawing": {"raw": drawing, "data": None}, "backgroundFit": None}))
    return visitor.run()


def test_streamlits_open_defaults_are_closed():
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["client"]["toolbarMode"] == "minimal"
    assert CONFIG["browser"]["gatherUsageStats"] is False
    server = CONFIG["server"]
    assert server["enableCORS"] is True
    assert server["enableXsrfProtection"] is True
    assert server["maxUploadSize"] * 1024 * 1024 > MAX_FILE_BYTES  # every model of ours can be opened
    assert server["maxUploadSize"] <= 25
    assert server["maxWidgetStateSize"] <= 4
    assert server["maxMessageSize"] <= 16


def test_no_page_of_another_site_opens_a_connection(url):
    address = f"ws{url.removeprefix('http')}/_stcore/stream"
    with pytest.raises((InvalidStatus, WebSocketException)):
        connect(address, origin="http://evil.example", open_timeout=PATIENCE, proxy=None)


def test_an_upload_needs_the_visitors_token_and_session_and_a_size_within_the_limit(visitor):
    visitor.run()
    assert visitor.upload(b"x", xsrf="")[0] == 403
    assert visitor.upload(b"x", session="somebody")[0] == 400
    assert visitor.upload(bytes(26 * 1024 * 1024))[0] == 413
    assert visitor.upload(b"x")[0] == 204


@pytest.mark.bad_input(10, 20)
@pytest.mark.parametrize(
    ("opener", "uploader", "sentence"),
    [("open_picture", "picture_file", "PNG or JPEG please"), ("model", "model_file", "not a .safetensors model")],
)
def test_a_file_is_judged_by_its_content_whatever_its_name(visitor, opener, uploader, sentence):
    widgets = visitor.unfold(visitor.run().widgets[opener]).widgets
    for name in ("x.png", "x.safetensors", "setup.exe", "no ending", "../../x.png", "x\0.png"):
        status, file_id = visitor.upload(b"MZ" + bytes(500), name)
        assert status == 204
        here = next(widgets[key] for key in widgets if key.startswith(uploader))
        visitor.choose(here, file_id, name, 502)
        seen = visitor.run()
        del visitor.state[here]  # an uploader that has gone, or that the next file is chosen with
        assert not seen.exceptions
        assert sum(sentence in text for text in seen.texts) == 1, seen.texts
        widgets = seen.widgets


def test_a_file_that_a_restarted_server_does_not_have_is_asked_for_again(visitor):
    widgets = visitor.unfold(visitor.run().widgets["model"]).widgets
    visitor.choose(widgets["model_file"], "of-another-server", "mine.safetensors", 100)
    seen = visitor.run()
    assert not seen.exceptions
    assert any("Open it again" in text for text in seen.texts)


@pytest.mark.bad_input(9)
@pytest.mark.parametrize(
    "sent",
    [[1], {"drawing": [1]}, {"drawing": 5}, {"drawing": {"raw": 5}}, {"drawing": {}, "backgroundFit": 7}],
    ids=repr,
)
def test_malformed_canvas_state_is_read_as_a_blank_sheet(visitor, sent):
    visitor.tell(board(visitor.run()), json.dumps(sent))
    seen = visitor.run()
    assert not seen.exceptions
    assert not any("our fault" in text for text in seen.texts)
    assert "Draw a digit" in answer(seen)["sentence"]


@pytest.mark.bad_input(8)
def test_a_drawing_of_megabytes_gets_a_sentence_and_one_of_more_costs_only_its_own_connection(visitor, url):
    long = {"objects": [{"type": "Path", "path": [["M", 0, 0], *[["L", 123.456, 65.4321]] * 100_000]}]}
    assert len(json.dumps(long)) > 2_000_000
    assert "more than 20,000 points" in answer(draw(visitor, long))["sentence"]
    with Visitor(url) as another:
        another.run()
        another.say(bytes(5_000_000))
        with pytest.raises(ConnectionClosed):
            another.run()
    assert answer(draw(visitor, canvas(SEVEN)))["digit"] == 7


@pytest.mark.bad_input(32)
def test_clients_that_never_read_or_break_off_do_not_disturb_others(url):
    with ExitStack() as deaf:
        for _ in range(3):
            visitor = deaf.enter_context(Visitor(url))
            for _ in range(20):
                visitor.ask()  # and never listens
        with Visitor(url) as gone:
            gone.ask()  # closes the connection while its page runs
        with Visitor(url) as visitor:
            assert answer(draw(visitor, canvas(SEVEN)))["digit"] == 7
