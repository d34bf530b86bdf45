"""The runbooks as tests read them: sections, and every command in them."""

from __future__ import annotations

import re
import shlex

from dashboards.programs import HERE

RUNBOOKS = sorted((HERE / "runbooks").glob("*.md"))
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)


def text(name: str) -> str:
    """The runbook of an alert."""
    return (HERE / "runbooks" / f"{name}.md").read_text(encoding="utf-8")


def commands(name: str) -> list[list[str]]:
    """Every command of a runbook, as a shell splits it; no variable of the shell is in any."""
    lines = "".join(BLOCK.findall(text(name))).replace("\\\n", " ").splitlines()
    return [shlex.split(line.replace("$(id -un)", "somebody")) for line in lines if line]


def of(name: str, *words: str) -> list[list[str]]:
    """The commands of a runbook that begin with these words."""
    return [each for each in commands(name) if each[: len(words)] == list(words)]
