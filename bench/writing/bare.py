"""The same doctor as in journaled.py, as somebody writes it who has only Locust."""

from locust import FastHttpUser, task

from bench.saving.bare import TEXTS
from bench.writing.doctors import opened, signed_in


class Doctor(FastHttpUser):
    """Saves new notes."""

    def on_start(self) -> None:
        """Sign in."""
        self.headers = signed_in(self.client)

    @task
    def write(self) -> None:
        """Four texts, as long as the journaled ones."""
        number = opened(self.client, self.headers)
        mark = f"{number:>21}"
        texts = {name: f"{mark} {text} {mark}" for name, text in TEXTS.items()}
        data = {"version": 1, **texts}
        answer = self.client.patch(
            f"/api/consultations/{number}",
            json=data,
            headers=self.headers,
            name="/api/consultations",
        )
        if answer.status_code != 200:
            raise RuntimeError(f"PATCH /api/consultations/{number} answered {answer.status_code}")
