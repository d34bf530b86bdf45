"""Which browser there is to drive: Playwright's own, else the system's."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BrowserMissing

SHELL = "chromium-headless-shell"
FULL = "chromium"
SYSTEM_FULL = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
VERSION_S_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Browser:
    """What to launch: path None is Playwright's own, channel what Playwright is told beside it.

    name is how a report speaks of it; version may be "" where asking it takes a process.
    """

    path: Path | None
    name: str
    channel: str | None = None
    version: str = ""


def find_browser(env: Mapping[str, str] = os.environ) -> Browser:
    """The fastest browser there is: a headless shell before a full one, Playwright's own first.

    Raises BrowserMissing with the one command that installs one here.
    """
    installed = _of_playwright(env)
    if SHELL in installed:
        return Browser(None, f"Playwright's {SHELL}", None, installed[SHELL])
    shell = shutil.which(SHELL, path=env.get("PATH"))
    if shell:
        return Browser(Path(shell), f"the system's {SHELL}")
    if FULL in installed:
        return Browser(None, f"Playwright's {FULL}", FULL, installed[FULL])
    for name in SYSTEM_FULL:
        path = shutil.which(name, path=env.get("PATH"))
        if path:
            return Browser(Path(path), f"the system's {name}")
    raise BrowserMissing(f"no browser to drive; install one with: {install_command()}")


def browser_version(browser: Browser) -> str:
    """Its version, asked of the program where it is not known; "" where it does not say."""
    if browser.version or browser.path is None:
        return browser.version
    try:
        done = subprocess.run(
            [str(browser.path), "--version"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=VERSION_S_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found[0] if found else ""


def install_command() -> str:
    """The one command that installs a browser on this system, as this user."""
    if is_root() and is_debian():
        return f"apt-get install -y {SHELL}"
    return "python -m playwright install chromium --only-shell"


def is_root() -> bool:
    """Whether packages of a Linux system may be installed."""
    return platform.system() == "Linux" and os.geteuid() == 0


def is_debian() -> bool:
    """Whether the headless shell is a package of this system; Ubuntu has none."""
    try:
        return platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False


def _of_playwright(env: Mapping[str, str]) -> dict[str, str]:
    """The versions of the browsers that this Playwright has installed whole, by name."""
    spec = importlib.util.find_spec("playwright")
    if spec is None or spec.origin is None:
        return {}
    package = Path(spec.origin).parent / "driver" / "package"
    try:
        listed = json.loads((package / "browsers.json").read_text(encoding="utf-8"))["browsers"]
    except (OSError, ValueError, KeyError):
        return {}
    folder = _browsers_folder(package, env)
    return {
        browser["name"]: str(browser.get("browserVersion", ""))
        for browser in listed
        if (folder / _place(browser) / "INSTALLATION_COMPLETE").exists()
    }


def _place(browser: Mapping[str, str]) -> str:
    return f"{browser['name'].replace('-', '_')}-{browser['revision']}"


def _browsers_folder(package: Path, env: Mapping[str, str]) -> Path:
    told = env.get("PLAYWRIGHT_BROWSERS_PATH")
    if told == "0":
        return package / ".local-browsers"
    if told:
        return Path(told)
    home = Path(env.get("HOME") or Path.home())
    if platform.system() == "Darwin":
        return home / "Library" / "Caches" / "ms-playwright"
    return Path(env.get("XDG_CACHE_HOME") or home / ".cache") / "ms-playwright"
