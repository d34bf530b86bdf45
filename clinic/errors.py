"""Everything the clinic raises on purpose.

ClinicError
├── SettingMissing      an environment variable is needed and absent
├── ReleaseUnknown      no folder under releases/ has this name
├── MigrationUnknown    the database holds a migration that this release cannot undo
└── Refused             a request is answered with a status that is not 2xx
    └── SignedOut       the session is missing, expired or forged
"""

from __future__ import annotations


class ClinicError(Exception):
    """What went wrong, the value seen, and what to do next."""


class SettingMissing(ClinicError):
    """An environment variable is needed and absent."""


class ReleaseUnknown(ClinicError):
    """No release has this name."""


class MigrationUnknown(ClinicError):
    """The database holds a migration that this release cannot undo."""


class Refused(ClinicError):
    """A request that is not granted; `error` is the stable word, `message` the sentence shown."""

    def __init__(
        self, status: int, error: str, message: str, field: str | None = None, **more: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.field = field
        self.more = more

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        body: dict[str, object] = {"error": self.error, "message": self.message, **self.more}
        if self.field is not None:
            body["field"] = self.field
        return body


class SignedOut(Refused):
    """The session is missing, expired or forged."""

    def __init__(self) -> None:
        super().__init__(401, "signed_out", "You are signed out. Sign in again.")
