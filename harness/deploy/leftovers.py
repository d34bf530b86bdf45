"""Cleaning up after killed runs, containers included."""

from __future__ import annotations

from collections.abc import Mapping

from harness.deploy.containers import remove_labelled
from harness.deploy.engine import RUN_LABEL, open_engine
from harness.runs import clean_abandoned


def clean_leftovers(env: Mapping[str, str]) -> list[str]:
    """End and remove what dead runs left on this host and its engine; a sentence for each."""

    def remove(run_id: str) -> list[str]:
        client = open_engine(env)
        try:
            return remove_labelled(client, {RUN_LABEL: run_id})
        finally:
            client.close()

    return clean_abandoned(remove)
