"""Makes sure that there is a browser to drive, Playwright's own or else the system's.

Playwright's driver has to start, too: it needs one library that a bare Debian lacks.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import playwright

SYSTEM_BROWSERS = ("chromium-headless-shell", "chromium")
BROWSER_PACKAGE = "chromium-headless-shell"
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
        "No browser was found and none could be installed. Install one of these, as root:\n"
        f"  Debian:    apt-get install -y --no-install-recommends {BROWSER_PACKAGE}\n"
        f"  elsewhere: {sys.executable} -m playwright install --with-deps --only-shell chromium",
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
    return any(is_complete(folder) for folder in playwright_folders()) or any(
        shutil.which(name) for name in SYSTEM_BROWSERS
    )


def is_complete(folder: Path) -> bool:
    """Whether Playwright finished the installation in this folder."""
    return (folder / "INSTALLATION_COMPLETE").exists()


def playwright_folders() -> list[Path]:
    """Where this version of Playwright looks for its own headless browsers."""
    package = Path(playwright.__file__).parent / "driver" / "package"
    listed = json.loads((package / "browsers.json").read_text(encoding="utf-8"))["browsers"]
    revisions = {browser["name"]: browser["revision"] for browser in listed}
    return [
        browsers_folder(package) / f"{name.replace('-', '_')}-{revisions[name]}"
        for name in ("chromium-headless-shell", "chromium")
        if name in revisions
    ]


def browsers_folder(package: Path) -> Path:
    """The folder that holds every browser Playwright has installed."""
    told = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if told == "0":
        return package / ".local-browsers"
    if told:
        return Path(told)
    caches = "Library/Caches" if platform.system() == "Darwin" else ".cache"
    cache = os.environ.get("XDG_CACHE_HOME") if caches == ".cache" else None
    return (Path(cache) if cache else Path.home() / caches) / "ms-playwright"


def install() -> bool:
    """Install a browser without asking, as far as this user may."""
    if is_root() and is_debian() and apt(BROWSER_PACKAGE) and found():
        return True
    print("Installing Playwright's headless Chromium", file=sys.stderr)
    deps = ["--with-deps"] if is_root() else []
    command = [sys.executable, "-m", "playwright", "install", *deps, "--only-shell", "chromium"]
    return succeeds(command) and found()


def is_root() -> bool:
    """Whether packages of a Linux system may be installed."""
    return platform.system() == "Linux" and os.geteuid() == 0


def is_debian() -> bool:
    """Whether the headless shell is a Debian package here; Ubuntu has none."""
    try:
        return platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False


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
