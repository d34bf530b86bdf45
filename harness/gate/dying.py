"""What is known of a release that ended in the middle."""

from __future__ import annotations

from harness.deploy.seams import Deployment


def how_it_died(deployment: Deployment, when: str) -> str:
    """How a release ended, and its last lines; when it did is part of the sentence."""
    how = ", ".join(f"{name} {ending}" for name, ending in deployment.endings().items())
    tail = deployment.tail()
    words = f"its last lines:\n{tail}" if tail.strip() else "it printed nothing"
    died = f"{deployment.release.name} died {when}"
    return f"{died}{f': {how}' if how else ''}; {words}"
