"""`python -m clinic`: the release is chosen first, because it decides which modules are loaded."""

from __future__ import annotations

import argparse
import sys

from clinic import release
from clinic.errors import ClinicError


def main() -> int:
    """Run one command; the exit code is 0, or 1 after a sentence on stderr."""
    early = argparse.ArgumentParser(add_help=False)
    early.add_argument("--release", default=release.chosen())
    try:
        release.activate(early.parse_known_args()[0].release)
        from clinic import cli

        return cli.run(sys.argv[1:])
    except ClinicError as error:
        sys.stderr.write(f"clinic: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
