"""What the probes of a plan hold for one release; collected once, because pytest takes seconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from harness import corpus
from harness.canary.choosing import never_asked
from harness.drive.child import Run
from harness.drive.scenarios import collect
from harness.drive.spec import Spec
from harness.errors import UsageError
from harness.model import Case, Form, Role
from harness.plan import Plan
from harness.runs import RunFolder
from harness.runs.disk import write_whole
from harness.suggest import advice

ACTION_S_MAX = 10.0
FOLDER = "cases"
KEPT_N_MAX = 20


@dataclass(frozen=True, slots=True)
class Probes:
    """The cases of a release, who looks at which form, and the forms that can be removed."""

    cases: tuple[Case, ...]
    readers: Mapping[str, tuple[str, ...]]
    removable: frozenset[str]


def forms_of(plan: Plan, release: str) -> dict[str, Form]:
    """The forms that are probed, as that release keeps them; raises UsageError."""
    forms = plan.forms(release)
    wanted = plan.canaries.forms or tuple(forms)
    found = {name: form for name, form in forms.items() if name in wanted}
    if not found:
        raise UsageError(f"{plan.path}: release {release} has none of {', '.join(wanted)}")
    return found


def spec_for(plan: Plan, run: RunFolder, role: Role, release: str, url: str) -> Spec:
    """What driving probes has in common with every other round."""
    if plan.probes is None:
        raise UsageError(f"{plan.path} has no probes; write canaries.probes")
    files = run.path / "files"
    files.mkdir(mode=0o700, exist_ok=True)
    told = plan.canaries.release
    answered = {"header": told.header, "page": told.page, "attribute": told.attribute}
    return Spec(
        run=run.tag,
        role=role,
        release=release,
        url=url,
        scenarios=plan.probes,
        root=plan.folder,
        journal=run.journal,
        evidence=run.evidence,
        files=files,
        forms=forms_of(plan, release),
        texts=corpus.COMMIT,
        case_timeout_s_max=plan.canaries.timeout_s_max,
        action_s_max=ACTION_S_MAX,
        acknowledge_s_max=ACTION_S_MAX,
        answered={name: text for name, text in answered.items() if text is not None},
    )


def probes_of(plan: Plan, spec: Spec, run: Run, kept: Path) -> Probes:
    """The probes of the spec's release; kept is where they are remembered while nothing changes.

    Raises ScenarioError, UsageError and DriveFailed.
    """
    path = kept / FOLDER / f"{_digest(plan, spec.release)}.json"
    found = _remembered(path)
    if found is None:
        collected = collect(spec, run)
        found = Probes(collected.cases, collected.readers, collected.removable)
        _remember(path, found)
    missing = never_asked(found.cases, plan.canaries.always)
    if missing:
        factors = sorted({factor for case in found.cases for factor in case.levels})
        raise UsageError(
            f"canaries.always: no probe has a factor {missing[0]!r}; {advice(missing[0], factors)}"
        )
    return found


def _digest(plan: Plan, release: str) -> str:
    """Equal while neither the plan nor any file beside the probes has changed."""
    seen = hashlib.sha256(f"{plan.digest}\n{release}".encode())
    for path in sorted(plan.folder.glob("**/*.py")) if plan.probes is None else _sources(plan):
        facts = path.stat()
        seen.update(f"{path}\n{facts.st_mtime_ns}\n{facts.st_size}\n".encode())
    return seen.hexdigest()[:32]


def _sources(plan: Plan) -> list[Path]:
    """The Python files that probes stand in, or are likely to import."""
    folders = {plan.folder / plan.scenarios.path, plan.probes, plan.probes and plan.probes.parent}
    return sorted({path for folder in folders if folder for path in folder.glob("**/*.py")})


def _remembered(path: Path) -> Probes | None:
    try:
        data = json.loads(path.read_text(encoding="ascii"))
        return Probes(
            tuple(Case(**case) for case in data["cases"]),
            {form: tuple(names) for form, names in data["readers"].items()},
            frozenset(data["removable"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        # It is collected again, which costs seconds and nothing else.
        return None


def _remember(path: Path, found: Probes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in sorted(path.parent.glob("*.json"), key=lambda p: p.stat().st_mtime)[:-KEPT_N_MAX]:
        old.unlink(missing_ok=True)
    data = {
        "cases": [asdict(case) for case in found.cases],
        "readers": found.readers,
        "removable": sorted(found.removable),
    }
    write_whole(path, json.dumps(data).encode("ascii"))
