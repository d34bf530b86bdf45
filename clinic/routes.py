"""Every address of the clinic."""

from __future__ import annotations

from starlette.routing import Route

from clinic import api, document_api, health, pages, portal, save_api, share_routes

API = [
    Route("/api/consultations/{id:int}", save_api.save_consultation, methods=["PATCH"]),
    Route("/api/consultations/{id:int}", api.read_consultation, methods=["GET"]),
    Route("/api/consultations/{id:int}", api.delete_consultation, methods=["DELETE"]),
    Route("/api/consultations/{id:int}/finalise", api.finalise_consultation, methods=["POST"]),
    Route("/api/consultations/{id:int}/documents", document_api.add_document, methods=["POST"]),
    Route("/api/consultations/{id:int}/documents", document_api.list_documents, methods=["GET"]),
    Route("/api/consultations", api.open_consultation, methods=["POST"]),
    Route("/api/documents/{id:int}", document_api.read_document),
    Route("/api/inbox", api.list_messages),
    Route("/api/inbox/{id:int}", api.dismiss_message, methods=["DELETE"]),
    Route("/api/patients", api.list_patients),
    Route("/api/session", api.session),
    Route("/api/sign-in", api.sign_in, methods=["POST"]),
    Route("/api/sign-out", api.sign_out, methods=["POST"]),
]
PAGES = [
    Route("/", pages.home),
    Route("/sign-in", pages.sign_in_page, methods=["GET"]),
    Route("/sign-in", pages.sign_in, methods=["POST"]),
    Route("/sign-out", pages.sign_out, methods=["POST"]),
    Route("/profile", pages.profile, methods=["GET"]),
    Route("/profile", pages.save_profile, methods=["POST"]),
    Route("/patients", pages.list_patients),
    Route("/patients/{id:int}", pages.show_patient),
    Route("/patients/{id:int}/consultations", pages.open_consultation, methods=["POST"]),
    Route("/consultations/{id:int}", pages.show_consultation),
    Route("/documents/{id:int}", document_api.read_document),
    Route("/portal", portal.show),
    Route("/portal/sign-in", portal.sign_in_page, methods=["GET"]),
    Route("/portal/sign-in", portal.sign_in, methods=["POST"]),
    Route("/portal/sign-out", portal.sign_out, methods=["POST"]),
    Route("/healthz", health.healthz),
]
ROUTES = [*API, *PAGES, *share_routes.ROUTES]
