#!/bin/sh
# Installs a hashed lock and the project itself into a virtual environment: venv.sh FOLDER LOCK
set -eu

folder=$1
lock=$2
log=$folder/install.log

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "Python 3.11 or newer was not found (looked for: ${PYTHON:-python3, python3.11 to python3.14, python})."
    say "Install it, or name it: make PYTHON=/path/to/python3.11"
    exit 2
}

# Debian and Ubuntu keep the venv module in a package of its own.
require_venv() {
    if "$1" -c 'import ensurepip, venv' 2>/dev/null; then return; fi
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $package: $1 has no venv module"
        if apt-get update -qq >/dev/null &&
            DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
                "$package" >/dev/null; then
            return
        fi
    fi
    say "$1 has no venv module. Install it: sudo apt-get install $package"
    exit 2
}

# pip speaks of everything it does; a person needs it only if it failed.
pip() {
    if ! "$folder/bin/python" -m pip --disable-pip-version-check "$@" >>"$log" 2>&1; then
        say "pip $1 failed; the end of $log says why:"
        tail -n 20 "$log" >&2
        exit 2
    fi
}

if ! "$folder/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python)
    require_venv "$python"
    say "Creating $folder with $("$python" --version) ($python)"
    rm -rf "$folder"
    "$python" -m venv "$folder"
fi

: >"$log"
say "Installing $(grep -c '^[a-z0-9].*==' "$lock") pinned packages from $lock"
# The lock holds everything, so nothing is resolved: a newer release of a part that a package asks
# for with an extra would otherwise be met, unpinned, and refused.
pip install --no-deps --require-hashes -r "$lock"
pip install --no-deps --no-build-isolation -e .
