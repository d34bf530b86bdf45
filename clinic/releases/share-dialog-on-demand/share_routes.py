"""Addresses that came with sharing."""

from __future__ import annotations

from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clinic import release, share_api, share_pages

ROUTES = [
    Route("/api/consultations/{id:int}/shares", share_api.list_shares),
    Route("/api/documents/{id:int}/shares", share_api.share_document, methods=["POST"]),
    Route("/api/shares/{id:int}", share_api.undo_share, methods=["DELETE"]),
    Route("/api/shared-with-me", share_pages.list_shared_with_me),
    Route("/api/portal/documents", share_pages.list_shared_with_patient),
    Route("/shared", share_pages.shared_with_me),
    Route("/portal/documents/{id:int}", share_pages.patient_document),
    # Loaded on demand, always the newest.
    Mount("/chunks", StaticFiles(directory=release.active().folder / "static")),
]
