"""What is kept of trials that fail has a limit, however many of them do."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from harness.drive.spec import Spec
from harness.plugin import evidence
from tests.plugin.conftest import spec_in

FRAME_BYTES = 4000


class Drawn:
    """A page, or a recording, that is written as so many bytes."""

    def __init__(self, size_bytes: int = FRAME_BYTES) -> None:
        self.tracing = self
        self._size_bytes = size_bytes

    def screenshot(self, *, path: Path, **_: Any) -> None:
        path.write_bytes(b"x" * self._size_bytes)

    def stop(self, *, path: Path) -> None:
        self.screenshot(path=path)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spec:
    """A round whose run may keep ten pages."""
    monkeypatch.setattr(evidence, "KEPT_BYTES_MAX", 10 * FRAME_BYTES)
    spec, _ = spec_in(tmp_path)
    spec.evidence.mkdir(parents=True, exist_ok=True)
    return spec


def kept_bytes(spec: Spec) -> int:
    return sum(path.stat().st_size for path in spec.evidence.glob("*/*"))


def shoot(spec: Spec, trial: str, pages: list[Page]) -> list[str]:
    return evidence.screenshots(spec, trial, pages)


def test_pictures_of_a_run_that_fails_everywhere_are_bounded(spec: Spec) -> None:
    """A run in which every case fails keeps pictures up to a limit, and says what it left out."""
    pages: list[Page] = [Drawn(), Drawn()]  # type: ignore[list-item]
    kept = [shoot(spec, f"candidate/{number}/1", pages) for number in range(50)]
    left_out = (spec.evidence / evidence.LEFT_OUT).read_text().splitlines()

    assert [len(each) for each in kept] == [2] * 5 + [0] * 45
    assert kept_bytes(spec) == 10 * FRAME_BYTES
    assert len(left_out) == 45
    assert left_out[0].startswith("screenshots of candidate/5/1: ")


@pytest.mark.parametrize(("size_bytes", "kept_n"), [(900, 1), (1100, 0)])
def test_a_huge_trace_is_not_kept(
    spec: Spec, monkeypatch: pytest.MonkeyPatch, size_bytes: int, kept_n: int
) -> None:
    """A recording beyond its limit is removed, and it is said."""
    monkeypatch.setattr(evidence, "TRACE_BYTES_MAX", 1000)
    context: BrowserContext = Drawn(size_bytes)  # type: ignore[assignment]
    kept = evidence.keep_trace(spec, "candidate/1/2", 1, context)

    assert len(kept) == kept_n
    assert kept_bytes(spec) == size_bytes * kept_n
    assert (spec.evidence / evidence.LEFT_OUT).exists() is (kept_n == 0)


def test_an_endless_traceback_keeps_its_end(spec: Spec) -> None:
    """Of a text without end its last lines are kept, each cut."""
    text = "\n".join(f"{number} {'x' * 9999}" for number in range(3000))
    name = evidence.keep_text(spec, "candidate/1/1", "traceback.txt", text)
    lines = (spec.evidence.parent / name).read_text().splitlines()

    assert len(lines) == evidence.TEXT_LINES_MAX
    assert lines[-1].startswith("2999 ")
    assert max(map(len, lines)) == evidence.LINE_CHARS_MAX
