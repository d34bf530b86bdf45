"""Makes sure that there is a browser to drive: Playwright's own, else the system's."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import playwright

SYSTEM_BROWSERS = ("chromium-headless-shell", "chromium")
DEBIAN_PACKAGE = "chromium-headless-shell"
INSTALL_TIMEOUT_S = 900


def main() -> int:
    """Find a browser or install one; say what is missing where neither works."""
    if found() or install():
        return 0
    print(
        "No browser was found and none could be installed. Install one of these, as root:\n"
        f"  Debian:    apt-get install -y --no-install-recommends {DEBIAN_PACKAGE}\n"
        f"  elsewhere: {sys.executable} -m playwright install --with-deps --only-shell chromium",
        file=sys.stderr,
    )
    return 2


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
    is_root = platform.system() == "Linux" and os.geteuid() == 0
    if is_root and is_debian() and install_from_debian():
        return True
    print("Installing Playwright's headless Chromium", file=sys.stderr)
    deps = ["--with-deps"] if is_root else []
    command = [sys.executable, "-m", "playwright", "install", *deps, "--only-shell", "chromium"]
    return succeeds(command) and found()


def is_debian() -> bool:
    """Whether the headless shell is a Debian package here; Ubuntu has none."""
    try:
        return platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False


def install_from_debian() -> bool:
    """Install Debian's headless shell."""
    print(f"Installing {DEBIAN_PACKAGE} with apt-get", file=sys.stderr)
    return (
        succeeds(["apt-get", "update", "-qq"])
        and succeeds(["apt-get", "install", "-qq", "-y", "--no-install-recommends", DEBIAN_PACKAGE])
        and found()
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
