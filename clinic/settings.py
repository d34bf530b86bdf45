"""Configuration, read from the environment when a command starts."""

from __future__ import annotations

import os
from dataclasses import dataclass

from clinic.errors import SettingMissing

MIB_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """What a running process needs to know."""

    database_url: str
    secret: str
    session_s_max: int
    pool_connections_max: int
    body_bytes_max: int = 32 * MIB_BYTES
    query_s_max: float = 15.0
    secure_cookies: bool = False


def database_url() -> str:
    """The address of the database; raises SettingMissing."""
    return _required("DATABASE_URL", "postgresql://user:password@host:5432/clinic")


def synthetic_password() -> str:
    """The password of the accounts that are nobody's; raises SettingMissing."""
    return _required("CLINIC_CANARY_PASSWORD", "the password of the synthetic accounts")


def settings() -> Settings:
    """Everything a server needs; raises SettingMissing."""
    return Settings(
        database_url=database_url(),
        secret=_required("CLINIC_SECRET", "a long random string that signs the session cookies"),
        session_s_max=int(os.environ.get("CLINIC_SESSION_S", str(8 * 3600))),
        pool_connections_max=int(os.environ.get("CLINIC_POOL_MAX", "10")),
        secure_cookies=os.environ.get("CLINIC_SECURE_COOKIES", "") == "1",
    )


def _required(name: str, example: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SettingMissing(f"{name} is not set. Set it to {example}.")
    return value
