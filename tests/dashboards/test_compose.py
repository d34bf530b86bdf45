"""The compose file holds together: what it mounts is there, and each part finds the others."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml

from dashboards.__main__ import ALL, FOLDER
from dashboards.programs import HERE

COMPOSE: dict[str, Any] = yaml.safe_load((HERE / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
PROMETHEUS: dict[str, Any] = yaml.safe_load(
    (HERE / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
)
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


@pytest.mark.docker
def test_compose_takes_the_file() -> None:
    """Docker compose finds no fault with it."""
    done = subprocess.run(
        ["docker", "compose", "-f", str(HERE / "compose.yaml"), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (0, "") == (done.returncode, done.stderr)
