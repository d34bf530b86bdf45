"""Makes sure that there is a browser to drive, Playwright's own or else the system's.

Playwright's driver has to start, too: it needs one library that a bare Debian lacks.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import playwright

from harness.browser import SHELL, find_browser, install_command, is_debian, is_root
from harness.errors import BrowserMissing

DRIVER_PACKAGE = "libatomic1"
DRIVER_TIMEOUT_S = 60
INSTALL_TIMEOUT_S = 900


def main() -> int:
    """Find driver and browser or install them; say what is missing where neither works."""
    if not (driver_starts() or install_driver_library()):
        print(
            "Playwright's driver does not start. Install the library that it needs, as root:\n"
            f"  Debian, Ubuntu: apt-get install -y --no-install-recommends {DRIVER_PACKAGE}",
            file=sys.stderr,
        )
        return 2
    if found() or install():
        return 0
    print(
        "No browser was found and none could be installed. Install one, as root:\n"
        f"  {install_command()}",
        file=sys.stderr,
    )
    return 2


def driver_starts() -> bool:
    """Whether the program that Playwright ships to speak with browsers runs here."""
    driver = Path(playwright.__file__).parent / "driver" / "node"
    try:
        done = subprocess.run(
            [driver, "--version"], check=False, capture_output=True, timeout=DRIVER_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install_driver_library() -> bool:
    """Install what the driver needs, where this user may."""
    return (
        is_root()
        and shutil.which("apt-get") is not None
        and apt(DRIVER_PACKAGE)
        and driver_starts()
    )


def found() -> bool:
    """Whether a browser is there already."""
    try:
        find_browser()
    except BrowserMissing:
        return False
    return True


def install() -> bool:
    """Install a browser without asking, as far as this user may."""
    if is_root() and is_debian() and apt(SHELL) and found():
        return True
    print("Installing Playwright's headless Chromium", file=sys.stderr)
    deps = ["--with-deps"] if is_root() else []
    command = [sys.executable, "-m", "playwright", "install", *deps, "--only-shell", "chromium"]
    return succeeds(command) and found()


def apt(package: str) -> bool:
    """Install a package of Debian or Ubuntu."""
    print(f"Installing {package} with apt-get", file=sys.stderr)
    return succeeds(["apt-get", "update", "-qq"]) and succeeds(
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", package]
    )


def succeeds(command: list[str]) -> bool:
    """Run a command; show what it said only if it failed."""
    try:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            timeout=INSTALL_TIMEOUT_S,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{command[0]}: {error}", file=sys.stderr)
        return False
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-10:]), file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
