"""A browser is found or installed, or the person is told how to install one."""

import shutil
from pathlib import Path

import pytest

from tools import browser


class Machine:
    """A machine where commands do what they are told to do, and are remembered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands: list[list[str]] = []
        self.has_browser = False
        self.has_library = True
        self.reaches: set[str] = set()
        self.is_root = True
        self.is_debian = True
        monkeypatch.setattr(browser, "found", lambda: self.has_browser)
        monkeypatch.setattr(browser, "driver_starts", lambda: self.has_library)
        monkeypatch.setattr(browser, "is_root", lambda: self.is_root)
        monkeypatch.setattr(browser, "is_debian", lambda: self.is_debian)
        monkeypatch.setattr(browser, "succeeds", self.run)
        monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")

    def run(self, command: list[str]) -> bool:
        """Do a command, if what it needs is in reach."""
        self.commands.append(command)
        if command[:2] == ["apt-get", "update"]:
            return True
        if command[-1] not in self.reaches:
            return False
        if command[-1] == browser.DRIVER_PACKAGE:
            self.has_library = True
        else:
            self.has_browser = True
        return True


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A Debian where one is root, with nothing in reach."""
    return Machine(monkeypatch)


def test_a_browser_that_is_there_is_taken(machine: Machine) -> None:
    """Where driver and browser are there nothing is installed."""
    machine.has_browser = True

    assert browser.main() == 0
    assert machine.commands == []


def test_debian_gets_its_own_package(machine: Machine) -> None:
    """Root on Debian gets the headless shell of Debian."""
    machine.reaches = {browser.BROWSER_PACKAGE}

    assert browser.main() == 0
    assert machine.commands[-1][-1] == browser.BROWSER_PACKAGE


@pytest.mark.parametrize("is_root", [True, False])
def test_others_get_the_browser_of_playwright(machine: Machine, is_root: bool) -> None:
    """Elsewhere Playwright's own installation is used, with system packages only as root."""
    machine.is_debian = False
    machine.is_root = is_root
    machine.reaches = {"chromium"}

    assert browser.main() == 0
    (command,) = machine.commands
    assert command[-2:] == ["--only-shell", "chromium"]
    assert ("--with-deps" in command) is is_root


def test_the_library_of_the_driver_is_installed(machine: Machine) -> None:
    """A bare Debian lacks a library of the driver's, and gets it."""
    machine.has_library = False
    machine.has_browser = True
    machine.reaches = {browser.DRIVER_PACKAGE}

    assert browser.main() == 0


@pytest.mark.parametrize(
    ("has_library", "said"), [(True, "No browser"), (False, "driver does not start")]
)
def test_what_cannot_be_installed_is_named(
    machine: Machine, capsys: pytest.CaptureFixture[str], has_library: bool, said: str
) -> None:
    """With nothing in reach it says what is missing and how to get it, and exits 2."""
    machine.has_library = has_library

    assert browser.main() == 2
    err = capsys.readouterr().err
    assert said in err
    assert "apt-get install" in err


def test_a_half_installed_browser_does_not_count(tmp_path: Path) -> None:
    """A folder of Playwright's counts once its installation is complete."""
    assert not browser.is_complete(tmp_path)

    (tmp_path / "INSTALLATION_COMPLETE").touch()

    assert browser.is_complete(tmp_path)


def test_the_folder_of_browsers_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Playwright is told to keep its browsers they are looked for."""
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))

    folders = browser.playwright_folders()

    assert {tmp_path} == {folder.parent for folder in folders}
    assert any(folder.name.startswith("chromium_headless_shell-") for folder in folders)
