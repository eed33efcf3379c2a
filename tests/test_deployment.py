"""The image and the composition of containers, as far as they can be tried without a container."""

import json
import os
import re
import shutil
import tomllib

import pytest
import yaml

from core.store.server_limits import Limits, variable
from tests.app_server import serve
from tests.hostile_visitor import Visitor
from tests.sources import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SPACE = yaml.safe_load((ROOT / ".github" / "space.md").read_text(encoding="utf-8").split("---")[1])
COPIED = [
    (source, line.split()[-1]) for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M) for source in line.split()[:-1]
]


def test_the_image_copies_what_exists_and_the_builder_is_sent_all_of_it():
    assert [source for source, _ in COPIED if not (ROOT / source).exists()] == []
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in sent if line.startswith("!")} == {source for source, _ in COPIED}


def test_the_image_has_a_python_that_the_project_supports_and_the_locked_driver_of_postgresql():
    low, high = re.findall(
        r"3\.(\d+)", tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    )
    assert int(low) <= int(re.search(r"^FROM python:3\.(\d+)", DOCKERFILE, re.M)[1]) < int(high)
    assert re.search(r"^psycopg==", (ROOT / "requirements-dev.txt").read_text(), re.M)


def test_the_image_runs_as_user_1000_and_keeps_everything_in_its_volume():
    assert re.search(r"^USER 1000$", DOCKERFILE, re.M)
    assert re.search(r"^VOLUME /data$", DOCKERFILE, re.M)
    assert re.search(r"^ENV HOME=/data INKLING_HOME=/data/", DOCKERFILE, re.M)


def test_the_image_starts_the_app_and_writes_nothing_beside_its_volume(tmp_path):
    """The image's files in a folder of their own, started by the image's command."""
    code, data = tmp_path / "app", tmp_path / "data"
    code.mkdir()
    for source, _ in COPIED:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, code / source, ignore=shutil.ignore_patterns("__pycache__", "secrets.toml"))
        else:
            shutil.copy(ROOT / source, code)
    for folder, _, _ in os.walk(code):
        os.chmod(folder, 0o555)
    before = sorted(code.rglob("*"))
    command = json.loads(re.search(r"^CMD (.+)$", DOCKERFILE, re.M)[1])
    options = [word for word in command if word.startswith("--") and "address" not in word and "port" not in word]
    variables = {"HOME": str(data), "INKLING_WARM": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    with serve(data, app=code, options=options, **variables) as server, Visitor(server.url) as visitor:
        for page in ("", "train", "model"):
            assert visitor.run(page=page).exceptions == []
    assert command[:3] == ["streamlit", "run", "app.py"]
    assert sorted(code.rglob("*")) == before


def test_the_composition_names_files_settings_and_addresses_that_exist():
    services = COMPOSE["services"]
    known = {variable(name) for name in Limits.model_fields}
    known |= set(re.findall(r"INKLING_[A-Z_]*[A-Z]", (ROOT / "core" / "environment.py").read_text()))
    named = {
        name for service in services.values() for name in service.get("environment", {}) if name.startswith("INKLING")
    }
    assert named - known == set()
    upstreams = re.findall(r"server (\w+):(\d+);", (ROOT / "deploy" / "nginx.conf").read_text())
    assert {name for name, _ in upstreams} == {name for name in services if name.startswith("web")}
    assert {port for _, port in upstreams} == set(re.findall(r"^EXPOSE (\d+)", DOCKERFILE, re.M))
    for volume in services["nginx"]["volumes"]:
        source = volume.split(":")[0]
        assert (ROOT / source).exists() or source == "./deploy/tls"  # which is the operator's


@pytest.mark.parametrize("name", ["web1", "web2", "worker"])
def test_containers_of_the_app_are_read_only_but_for_data_and_temporary_files(name):
    service = COMPOSE["services"][name]
    assert (service["read_only"], service["tmpfs"], service["volumes"]) == (True, ["/tmp"], ["/data"])


def test_two_web_processes_start_no_engine_and_two_workers_train_from_the_same_database():
    services = COMPOSE["services"]
    assert {services[name]["environment"]["INKLING_WORKERS"] for name in ("web1", "web2")} == {"0"}
    assert services["worker"]["command"] == ["python", "-m", "core", "work"]
    assert services["worker"]["deploy"]["replicas"] == 2
    assert len({services[name]["environment"]["INKLING_DATABASE_URL"] for name in ("web1", "web2", "worker")}) == 1


def test_the_space_is_a_docker_space_at_the_port_of_the_image():
    assert SPACE["sdk"] == "docker"
    assert str(SPACE["app_port"]) in re.findall(r"^EXPOSE (\d+)", DOCKERFILE, re.M)
