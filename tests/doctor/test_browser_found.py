"""Which browser is chosen where several are there."""

from __future__ import annotations

import json
import os
import platform
from importlib import util
from pathlib import Path

import pytest

from harness.browser import Browser, browser_version, find_browser, install_command
from harness.errors import BrowserMissing


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A host without any browser."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}


def give_system(host: dict[str, str], name: str) -> Path:
    """Put a program on the host's PATH."""
    program = Path(host["PATH"]) / name
    program.write_text("#!/bin/sh\necho Chromium 9.8.7 built\n")
    program.chmod(0o755)
    return program


def give_playwright(folder: Path, name: str) -> str:
    """Install a browser where Playwright looks for it; gives its version."""
    origin = util.find_spec("playwright")
    assert origin is not None
    assert origin.origin is not None
    package = Path(origin.origin).parent / "driver" / "package"
    listed = json.loads((package / "browsers.json").read_text())["browsers"]
    (one,) = [each for each in listed if each["name"] == name]
    place = folder / f"{name.replace('-', '_')}-{one['revision']}"
    place.mkdir(parents=True)
    (place / "INSTALLATION_COMPLETE").touch()
    return str(one["browserVersion"])


def test_the_fastest_browser_is_chosen(host: dict[str, str]) -> None:
    """A headless shell comes before a full browser, Playwright's own before the system's."""
    folder = Path(host["HOME"]) / ".cache" / "ms-playwright"

    chrome = give_system(host, "google-chrome")
    assert find_browser(host) == Browser(chrome, "the system's google-chrome")
    version = give_playwright(folder, "chromium")
    assert find_browser(host) == Browser(None, "Playwright's chromium", "chromium", version)
    shell = give_system(host, "chromium-headless-shell")
    assert find_browser(host).path == shell
    version = give_playwright(folder, "chromium-headless-shell")
    assert find_browser(host) == Browser(
        None, "Playwright's chromium-headless-shell", None, version
    )


def test_browsers_are_looked_for_where_playwright_is_told(
    host: dict[str, str], tmp_path: Path
) -> None:
    """The folder that Playwright is told to use is looked into, and no other."""
    give_playwright(tmp_path / "told", "chromium-headless-shell")

    assert find_browser({**host, "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "told")}).path is None
    with pytest.raises(BrowserMissing):
        find_browser({**host, "PLAYWRIGHT_BROWSERS_PATH": "0"})


def test_a_half_installed_browser_is_none(host: dict[str, str]) -> None:
    """A browser whose installation was cut is not used."""
    folder = Path(host["HOME"]) / ".cache" / "ms-playwright"
    give_playwright(folder, "chromium")
    for marker in folder.glob("*/INSTALLATION_COMPLETE"):
        marker.unlink()

    with pytest.raises(BrowserMissing, match="install one with: "):
        find_browser(host)


def test_without_playwright_the_systems_browser_is_found(
    host: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for a browser needs no Playwright."""
    monkeypatch.setattr(util, "find_spec", lambda name: None)

    assert find_browser({**host, "PATH": str(give_system(host, "chromium").parent)}).path


@pytest.mark.parametrize(
    ("uid", "system", "command"),
    [
        (0, "debian", "apt-get install -y chromium-headless-shell"),
        (0, "ubuntu", "python -m playwright install chromium --only-shell"),
        (1000, "debian", "python -m playwright install chromium --only-shell"),
        (0, None, "python -m playwright install chromium --only-shell"),
    ],
)
def test_the_command_fits_system_and_user(
    monkeypatch: pytest.MonkeyPatch, uid: int, system: str | None, command: str
) -> None:
    """Root on Debian installs Debian's package; everybody else Playwright's browser."""

    def release() -> dict[str, str]:
        if system is None:
            raise OSError("no os-release")
        return {"ID": system}

    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(platform, "freedesktop_os_release", release)

    assert install_command() == command


def test_a_version_is_asked_of_the_program(host: dict[str, str], tmp_path: Path) -> None:
    """The version of a system's browser is what it says; a silent one has none."""
    assert browser_version(Browser(give_system(host, "chromium"), "x")) == "9.8.7"
    assert browser_version(Browser(tmp_path / "none", "x")) == ""
    assert browser_version(Browser(None, "x", None, "1.2")) == "1.2"
