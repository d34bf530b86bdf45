"""Faulty: the process ends before it answers anything."""

from notebook import Notebook


class Release(Notebook):
    def serve(self, port: int) -> None:
        raise RuntimeError(f"no licence for port {port}: ask sales")
