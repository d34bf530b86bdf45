"""A doctor who writes one consultation after the other, and has it journaled. For Locust."""

from locust import FastHttpUser, task

from bench.writing.doctors import opened, signed_in
from harness.load import Journal, told


class Doctor(FastHttpUser):
    """Saves new notes."""

    def on_start(self) -> None:
        """Sign in."""
        self.journal = Journal(self)
        self.headers = signed_in(self.client)

    @task
    def write(self) -> None:
        """Four texts, and what came of them."""
        number = opened(self.client, self.headers)
        note = self.journal.record("consultation", key=number)
        with note.save(reason="plain", history="comparison", examination="symbols",
                       conclusion="typography") as save:  # fmt: skip
            address = f"/api/consultations/{number}"
            data = {"version": 1, **save.values}
            answer = self.client.patch(
                address, json=data, headers=self.headers, name="/api/consultations"
            )
            told(save, answer.status_code, f"PATCH {address}")
