"""The app behind nginx with the configuration of `deploy/nginx.conf`: HTTPS, a sub-path, a Content-Security-Policy."""

import os
import shutil
import socket
import subprocess

import pytest
from playwright.sync_api import expect

from core.store.runs import RunStore
from tests.app_server import ROOT, Visit, serve, until
from tests.ready_runs import finished_run

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def is_open(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def proxied(tmp_path):
    """The address of the app behind nginx, which is started with the project's own file but for its addresses."""
    if not NGINX:
        if os.environ.get("CI"):
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed")
    http, https = free_ports(2)
    subject = ["-subj", "/CN=localhost", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "certificate.pem"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject], check=True, stderr=-3)
    with serve(tmp_path / "home", options=["--server.baseUrlPath=inkling"], health="/inkling/_stcore/health") as server:
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        replaced = {
            "web1:8501": server.url.removeprefix("http://"),
            "    server web2:8501;\n": "",
            "listen 80": f"listen 127.0.0.1:{http}",
            "listen 443": f"listen 127.0.0.1:{https}",
            "/etc/nginx/tls": str(tmp_path),
        }
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "nginx.conf").write_text(text)
        command = [NGINX, "-e", tmp_path / "error.log", "-p", tmp_path, "-c", tmp_path / "nginx.conf"]
        settings = (
            f"daemon off; pid {tmp_path}/pid; user root;" if os.getuid() == 0 else f"daemon off; pid {tmp_path}/pid;"
        )
        running = subprocess.Popen([*command, "-g", settings])
        try:
            until(lambda: is_open(https), "nginx answers", seconds=10)
            yield f"https://127.0.0.1:{https}/inkling"
        finally:
            running.terminate()
            running.wait(timeout=10)


def test_pages_draw_and_components_work_behind_nginx_with_its_content_security_policy(browser, proxied, tmp_path):
    context = browser.new_context(ignore_https_errors=True)
    visit = Visit.noting(context.new_page(), proxied)
    visit.open("/")
    visit.draw((80, 60), (90, 200))
    run_id = finished_run(has_curves=True, store=RunStore(f"sqlite:///{tmp_path / 'home' / 'runs.sqlite3'}"))
    for path in ("/evaluate", f"/runs?runs={run_id}", f"/train?run={run_id}", "/learn?chapter=optimizers"):
        visit.goto(path)
        expect(visit.page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    visit.goto("/model")
    expect(visit.page.get_by_role("list", name="Architecture")).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    assert all(cookies[name]["secure"] for name in ("inkling_workspace", "inkling_server"))
    assert cookies["inkling_workspace"]["sameSite"] == "Strict"
    response = context.request.get(proxied + "/")
    assert "frame-ancestors 'self'" in response.headers["content-security-policy"]
    context.close()
    assert visit.problems == []
