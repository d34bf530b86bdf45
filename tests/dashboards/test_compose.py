"""The compose file holds together: what it mounts is there, and each part finds the others."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.__main__ import ALL, FOLDER
from dashboards.programs import HERE
from tests.dashboards.calls import read_call
from tests.dashboards.programs import run
from tests.project.source import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((HERE / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
PROMETHEUS: dict[str, Any] = yaml.safe_load(
    (HERE / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
)
DOCKERFILE = (HERE / "canary" / "Dockerfile").read_text(encoding="utf-8")
PROVISIONING = HERE / "grafana" / "provisioning"


def source() -> dict[str, Any]:
    """Grafana's one data source."""
    path = PROVISIONING / "datasources" / "prometheus.yaml"
    (found,) = yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
    assert isinstance(found, dict)
    return found


def mounts(service: str) -> dict[str, str]:
    """Where in a container which folder or volume is."""
    split = [one.removesuffix(":ro").rpartition(":") for one in SERVICES[service]["volumes"]]
    return {inside: outside for outside, _, inside in split}


def test_every_part_of_the_stack_is_there() -> None:
    """Canary, Prometheus, Alertmanager, Pushgateway and Grafana."""
    assert {"canary", "prometheus", "alertmanager", "pushgateway", "grafana"} == set(SERVICES)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"canary"}))
def test_images_are_of_one_version(name: str) -> None:
    """No image is whatever is newest on the day."""
    assert re.fullmatch(r"[a-z]+/[a-z]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_of_this_machine_alone(name: str) -> None:
    """Nothing is reached from another machine."""
    assert SERVICES[name]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    """Folders exist and are read only, volumes are declared."""
    for mount in SERVICES[name].get("volumes", []):
        outside = mount.split(":")[0]
        if outside.startswith("./"):
            assert (HERE / outside).is_dir()
            assert mount.endswith(":ro")
        elif not outside.startswith("${"):
            assert outside in COMPOSE["volumes"]


def test_prometheus_finds_what_it_scrapes_and_tells() -> None:
    """Its targets are services, by the port that each listens on."""
    blocks = [*PROMETHEUS["scrape_configs"], *PROMETHEUS["alerting"]["alertmanagers"]]
    targets = [
        target for block in blocks for each in block["static_configs"] for target in each["targets"]
    ]

    assert len(targets) == 3
    for target in targets:
        name, _, port = target.partition(":")
        assert f"127.0.0.1:{port}:{port}" in SERVICES[name]["ports"]


def test_grafana_is_where_alerts_lead() -> None:
    """The external label that links begin with is Grafana's address."""
    address = PROMETHEUS["global"]["external_labels"]["grafana"]

    assert address == SERVICES["grafana"]["environment"]["GF_SERVER_ROOT_URL"]
    assert f"{address.removeprefix('http://')}:3000" == SERVICES["grafana"]["ports"][0]


def test_prometheus_serves_the_runbooks_and_keeps_exemplars() -> None:
    """Its options name the folder that is mounted, and the address that links begin with."""
    options = dict(one.split("=", 1) for one in SERVICES["prometheus"]["command"])

    assert "./runbooks" == mounts("prometheus")[options["--web.user-assets"]]
    assert "exemplar-storage" == options["--enable-feature"]
    assert options["--web.external-url"].endswith("127.0.0.1:9090")


def test_grafana_finds_dashboards_and_prometheus() -> None:
    """The provider reads the folder of the committed JSON, and the source is Prometheus."""
    path = PROVISIONING / "dashboards" / "harness.yaml"
    (provider,) = yaml.safe_load(path.read_text(encoding="utf-8"))["providers"]
    folder = HERE / mounts("grafana")[provider["options"]["path"]]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]

    assert FOLDER == folder.resolve()
    assert (folder / home.removeprefix(provider["options"]["path"] + "/")).is_file()
    assert "http://prometheus:9090" == source()["url"]
    assert len(list(folder.glob("*.json"))) == len(ALL)


def test_grafana_knows_how_often_prometheus_scrapes() -> None:
    """$__rate_interval is right only if both say the same."""
    assert PROMETHEUS["global"]["scrape_interval"] == source()["jsonData"]["timeInterval"]


def test_an_exemplar_leads_to_its_proof() -> None:
    """The link of an exemplar is below the canary's address."""
    (link,) = source()["jsonData"]["exemplarTraceIdDestinations"]

    assert "trace_id" == link["name"]
    assert link["url"].startswith("http://127.0.0.1:9477/runs/")


def test_what_provisioning_says_is_no_variable() -> None:
    """Grafana puts its environment in place of $NAME there, so each dollar of ours is doubled."""
    for path in sorted(PROVISIONING.glob("*/*.yaml")):
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert "$" not in json.dumps(told).replace("$$", ""), path
        assert 1 == told["apiVersion"], path


def test_dashboards_find_the_source_that_is_provisioned() -> None:
    """Each dashboard asks for a source of the provisioned type, and one source is the default."""
    for path in sorted(FOLDER.glob("*.json")):
        variables = json.loads(path.read_text(encoding="utf-8"))["templating"]["list"]
        asked = [one["query"] for one in variables if one["type"] == "datasource"]
        assert [source()["type"]] == asked, path
    assert source()["isDefault"] is True


def test_the_canarys_image_is_made_of_what_is_there() -> None:
    """What it copies exists, it does not run as root, and no call of it is left to chance."""
    steps = [line.split() for line in DOCKERFILE.splitlines() if line and line[0].isupper()]
    copied = [name for step in steps if step[0] == "COPY" for name in step[1:-1]]
    users = [step[1] for step in steps if step[0] == "USER"]

    assert copied
    assert [] == [name for name in copied if not (ROOT / name).exists()]
    assert ["canary"] == users
    assert 'ENTRYPOINT ["harness"]' in DOCKERFILE
    (command,) = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    read_call(["harness", *json.loads(command)])


@pytest.mark.prometheus
@pytest.mark.parametrize("name", ["prometheus", "alertmanager", "pushgateway"])
def test_every_option_is_one_that_the_program_has(name: str) -> None:
    """What the stack starts is started with options that its program knows."""
    _, told = run(name, "--help")
    known = set(re.findall(r"--[a-z][a-z.-]*", told))
    options = {option.split("=")[0] for option in SERVICES[name].get("command", [])}

    assert known
    assert options <= known


def composed(**env: str) -> dict[str, Any]:
    """The stack as docker compose reads it, with these variables and no others of ours."""
    ours = ("HARNESS_PLAN", "CANARY_MERGE", "CANARY_ENV")
    rest = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        ["docker", "compose", "-f", str(HERE / "compose.yaml"), "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**rest, **env},
    )
    assert (0, "") == (done.returncode, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


@pytest.mark.compose
def test_compose_takes_the_file() -> None:
    """Docker compose finds no fault with it, and publishes nothing beyond this machine."""
    services = composed()
    places = [port["host_ip"] for one in services.values() for port in one["ports"]]

    assert set(SERVICES) == set(services)
    assert {"127.0.0.1"} == set(places)
    read_call(["harness", *services["canary"]["command"]])
    (plan,) = [one for one in services["canary"]["volumes"] if one["target"] == "/plan"]
    assert (str(ROOT), True) == (plan["source"], plan["read_only"])


@pytest.mark.compose
def test_compose_takes_the_variables(tmp_path: Path) -> None:
    """Another plan, another file of targets, and secrets that only the canary is given."""
    secrets = tmp_path / "canary.env"
    secrets.write_text("CANARY_PASSWORD='a $word'\n", encoding="utf-8")
    services = composed(
        HARNESS_PLAN=str(tmp_path), CANARY_MERGE="there.toml", CANARY_ENV=str(secrets)
    )
    sources = [one["source"] for one in services["canary"]["volumes"]]

    assert str(tmp_path) in sources
    assert "--merge=there.toml" in services["canary"]["command"]
    # Compose writes a dollar twice where it is to be read again.
    assert "a $$word" == services["canary"]["environment"]["CANARY_PASSWORD"]
    assert ["canary"] == [
        name for name, one in services.items() if "CANARY_PASSWORD" in one.get("environment", {})
    ]
