"""Fails if a test run left anything out: a skipped test proves nothing."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def main(path: Path) -> int:
    """Name every skipped test of a JUnit file, and say nothing if there is none."""
    suites = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314  pytest just wrote it
    cases = list(suites.iter("testcase"))
    if not cases:
        print(f"{path} holds no test at all", file=sys.stderr)
        return 1
    skipped = [(case, skip) for case in cases for skip in case.iter("skipped")]
    for case, skip in skipped:
        name = f"{case.get('classname')}::{case.get('name')}"
        print(f"skipped: {name}: {skip.get('message')}", file=sys.stderr)
    return 1 if skipped else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
