"""Who writes one note after the other, and has it journaled. For Locust."""

import itertools
import os

from locust import FastHttpUser, task

from harness.load import Journal, told

# One storage takes all rounds of a bench.
ROUND = os.environ.get("BENCH_ROUND", "0")


class Writer(FastHttpUser):
    """Saves new notes."""

    def on_start(self) -> None:
        """Begin to count."""
        self.journal = Journal(self)
        self.notes = itertools.count()

    @task
    def write(self) -> None:
        """Four texts, and what came of them."""
        key = f"{ROUND}-{self.journal.number}-{next(self.notes)}"
        note = self.journal.record("note", key=key)
        with note.save(reason="plain", history="comparison", examination="symbols",
                       conclusion="typography") as save:  # fmt: skip
            answer = self.client.put(f"/notes/{key}", json=save.values, name="/notes")
            told(save, answer.status_code, "PUT /notes")
