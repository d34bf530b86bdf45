"""A browser is found or installed, or the person is told how to install one."""

import shutil

import pytest

import harness.browser
from harness.browser import SHELL
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
        for module in (browser, harness.browser):
            monkeypatch.setattr(module, "is_root", lambda: self.is_root)
            monkeypatch.setattr(module, "is_debian", lambda: self.is_debian)
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
    machine.reaches = {SHELL}

    assert browser.main() == 0
    assert machine.commands[-1][-1] == SHELL


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
