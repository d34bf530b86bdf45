"""The same user as in journaled.py, as somebody writes it who has only Locust."""

import itertools
import os

from locust import FastHttpUser, task

users = itertools.count()
# One storage takes all rounds of a bench.
ROUND = os.environ.get("BENCH_ROUND", "0")

TEXTS = {
    "reason": "Patient vu en consultation, douleur depuis 558722 jours, sans fièvre.",
    "history": "TA <140/90, CRP <5 mg/L, SpO2 >95 %, dosage 558722 <=> norme.",
    "examination": "≥ 558722 ≤ ± → 20 µg ½ cp, 10² UI, 38,5 °C, Δ = −2 ‰ €",
    "conclusion": "L’œdème régresse ; « pas de fièvre » : 38,5 °C, 558722 000 U !",
}


class Writer(FastHttpUser):
    """Saves new notes."""

    def on_start(self) -> None:
        """Begin to count."""
        self.number = next(users)
        self.notes = itertools.count()

    @task
    def write(self) -> None:
        """Four texts, as long as the journaled ones."""
        key = f"{ROUND}-{self.number}-{next(self.notes)}"
        mark = f"{key:>21}"
        texts = {name: f"{mark} {text} {mark}" for name, text in TEXTS.items()}
        answer = self.client.put(f"/notes/{key}", json=texts, name="/notes")
        if answer.status_code != 204:
            raise RuntimeError(f"PUT /notes answered {answer.status_code}")
