"""A run that left tests out is told from one that ran them all."""

from pathlib import Path

import pytest

from tools import no_skips


def junit(folder: Path, inside: str) -> Path:
    """A JUnit file with these test cases."""
    path = folder / "junit.xml"
    path.write_text(f"<testsuites><testsuite>{inside}</testsuite></testsuites>", encoding="utf-8")
    return path


def test_all_ran(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where every test ran nothing is said."""
    code = no_skips.main(junit(tmp_path, '<testcase classname="a" name="b" />'))

    assert code == 0
    assert capsys.readouterr() == ("", "")


def test_one_was_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A skipped test is named with its reason."""
    case = '<testcase classname="a" name="b"><skipped message="no browser"/></testcase>'

    code = no_skips.main(junit(tmp_path, case))

    assert code == 1
    assert "skipped: a::b: no browser" in capsys.readouterr().err


def test_none_ran(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run without tests proves nothing."""
    code = no_skips.main(junit(tmp_path, ""))

    assert code == 1
    assert "holds no test" in capsys.readouterr().err
