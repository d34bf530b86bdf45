"""Gates two releases of the reference clinic: one is good, one loses what its users wrote.

The demonstration is right only if the first passes and the second is blocked for the right
reason; everything else makes it fail.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

GATE_TIMEOUT_S = 900
FORMS = {
    "docker": "containers",
    "process": "local processes, for want of a docker engine or its images",
}
LOST_FIELDS = {"reason", "history", "examination", "conclusion"}


class DemoError(Exception):
    """The gate did not answer as the demonstration promises."""


def main(harness: Sequence[str]) -> int:
    """Show both answers, and check them."""
    try:
        good = gate(harness, "1.1.0", ["--baseline", "1.0.0"], expected_exit=0)
        print(f"Releases ran as {FORMS.get(str(good.get('deployer')), 'something else')}.\n")
        check_good(good)
        check_bad(gate(harness, "1.2.0", [], expected_exit=1))
    except DemoError as error:
        print(f"The demonstration failed: {error}", file=sys.stderr)
        return 1
    print("Both answers are right: 1.1.0 may be deployed; 1.2.0 would have lost what was written.")
    return 0


def gate(
    harness: Sequence[str], release: str, options: Sequence[str], *, expected_exit: int
) -> dict[str, Any]:
    """Run the gate with its own output in view, and return its verdict."""
    command = [*harness, "gate", release, *options]
    print(f"$ harness {' '.join(command[len(harness) :])}", flush=True)
    environment = {"CLINIC_SECRET": secrets.token_hex(16), **os.environ}
    try:
        done = subprocess.run(
            [*command, "--json"],
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            timeout=GATE_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DemoError(str(error)) from error
    verdict = parse(done.stdout, release, done.returncode)
    print(flush=True)
    if done.returncode != expected_exit:
        raise DemoError(f"the gate of {release} exited {done.returncode}, not {expected_exit}")
    return verdict


def parse(text: str, release: str, code: int) -> dict[str, Any]:
    """Read the verdict that the gate printed."""
    try:
        verdict = json.loads(text)
    except ValueError as error:
        raise DemoError(f"the gate of {release} exited {code} without a verdict") from error
    if not isinstance(verdict, dict):
        raise DemoError(f"the gate of {release} printed {text[:80]!r}, which is no verdict")
    return verdict


def check_good(verdict: dict[str, Any]) -> None:
    """Refuse anything but a pass without findings that were to block."""
    if verdict.get("verdict") != "pass":
        raise DemoError(f"1.1.0 is good, and the verdict is {verdict.get('verdict')!r}")


def check_bad(verdict: dict[str, Any]) -> None:
    """Refuse anything but a block for the loss that the release was made with."""
    if verdict.get("verdict") != "block":
        raise DemoError(f"1.2.0 loses data, and the verdict is {verdict.get('verdict')!r}")
    if not any(is_the_loss(finding) for finding in verdict.get("findings", [])):
        raise DemoError(
            "1.2.0 is blocked, but no finding says that reason, history, examination and "
            "conclusion were lost in the page when a document was shared"
        )


def is_the_loss(finding: dict[str, Any]) -> bool:
    """Whether a finding names the four fields, the page, and sharing as the trigger."""
    conditions = (finding.get("trigger") or {}).get("conditions") or {}
    return (
        finding.get("anomaly") == "lost"
        and set(finding.get("fields", [])) == LOST_FIELDS
        and finding.get("layer") == "page"
        and any("share" in factor for factor in conditions)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["harness"]))
