"""Pictures that a report takes from a run's evidence."""

import zipfile
from pathlib import Path

from harness.report.pictures import PICTURE_BYTES_MAX, data_uri, pictures
from tests.report.accounts import exhibit

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
JPEG = b"\xff\xd8\xff" + b"1" * 20


def test_screenshots_come_before_traces(tmp_path: Path) -> None:
    """A screenshot of the failing page is taken where there is one."""
    (tmp_path / "page-1.png").write_bytes(PNG)
    found = list(pictures(exhibit(screenshots=("page-1.png",), traces=("t.zip",)), tmp_path))

    assert [picture.path for picture in found] == ["page-1.png"]
    assert found[0].uri.startswith("data:image/png;base64,")


def test_a_trace_gives_its_last_frame(tmp_path: Path) -> None:
    """Without a screenshot the last frame of the trace shows what the user saw last."""
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as trace:
        trace.writestr("screencast/page@b-1700000000001.jpeg", JPEG + b"early")
        trace.writestr("screencast/page@a-1700000000002.jpeg", JPEG + b"late")
    found = list(pictures(exhibit(traces=("t.zip",)), tmp_path))

    assert [picture.uri for picture in found] == [data_uri(JPEG + b"late")]


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    """Missing, huge, outside the run, or no picture at all: the report does without."""
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "outside.png").write_bytes(PNG)
    (run / "huge.png").write_bytes(PNG + b"0" * PICTURE_BYTES_MAX)
    (run / "text.png").write_bytes(b"<svg onload=alert(1)>")
    (run / "broken.zip").write_bytes(b"PK\x03\x04")
    names = ("../outside.png", "huge.png", "text.png", "missing.png", "a\x00b.png")

    assert [] == list(pictures(exhibit(screenshots=names, traces=("broken.zip",)), run))
