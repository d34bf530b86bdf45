"""Static files under an address that carries the release, so that caches never mix releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from starlette.responses import Response
    from starlette.types import Scope


class ReleaseFiles(StaticFiles):
    """Files of several folders, the first that has one wins."""

    def __init__(self, folders: list[Path]) -> None:
        super().__init__(directory=folders[-1])
        self.all_directories = list(folders)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file, to be kept by the browser."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
