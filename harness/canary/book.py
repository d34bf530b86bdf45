"""What a canary knows of its targets: into the metrics, and for the page that people read."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.canary.judging import Told
from harness.canary.metrics import Metrics, Probed, Result
from harness.canary.probing import Probe
from harness.canary.targets import UNKNOWN

# More releases than this answer nowhere at once; the older ones are forgotten.
RELEASES_MAX = 8
LAST_MAX = 20
# A release that has not answered for so many intervals, while another one has, is gone.
GONE_AFTER_INTERVALS = 2.0
# Less than this is a clock that is being disciplined, and changes nothing that anybody sees.
SET_BACK_S_MIN = 1.0


@dataclass(slots=True)
class Seen:
    """One release of one target: when it was first and last seen (monotonic), and how it went.

    good_at_s, bad and planted are by form and field: the newest good read (Unix time), and the
    anomaly of the newest probe and of the newest check of what was planted, where there is one.
    """

    release: str
    first_s: float
    last_s: float
    gone: bool = False
    good_at_s: dict[tuple[str, str], float] = field(default_factory=dict)
    bad: dict[tuple[str, str], str] = field(default_factory=dict)
    planted: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def wrong(self) -> dict[tuple[str, str], str]:
        """What is known to be wrong there, whoever found it."""
        return {**self.planted, **self.bad}


@dataclass(frozen=True, slots=True)
class Line:
    """One probe, as the page lists it."""

    run: str
    target: str
    at_s: float
    seconds: float
    result: Result
    release: str
    sentence: str


class Book:
    """Everything that is kept in memory of the probes; as long as the canary runs, no longer."""

    def __init__(self, metrics: Metrics, interval_s: float, save_slow_s_max: float) -> None:
        self.metrics = metrics
        self.interval_s = interval_s
        self.save_slow_s_max = save_slow_s_max
        self.forms: dict[str, Mapping[str, Sequence[str]]] = {}
        self.others: dict[str, dict[str, Sequence[str]]] = {}
        self.seen: dict[str, dict[str, Seen]] = {}
        self.current: dict[str, str] = {}
        self.last: deque[Line] = deque(maxlen=LAST_MAX)
        self.last_pass_at_s: dict[str, float] = {}
        self._good: dict[str, dict[str, None]] = {}
        self.residue: dict[str, int] = {}
        # What the wall clock says beyond the monotonic one, once somebody has looked at both.
        self._ahead_s: float | None = None
        self.lock = threading.RLock()

    def register(
        self,
        app: str,
        forms: Mapping[str, Sequence[str]],
        at_s: float,
        others: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Begin with a target; at_s is Unix time, others are forms that are judged, not probed."""
        with self.lock:
            self.forms[app] = forms
            self.others[app] = {n: f for n, f in (others or {}).items() if n not in forms}
            self.seen[app] = {}
            self._good[app] = {}
            self.metrics.register(
                app, forms, self.interval_s, at_s, self.save_slow_s_max, self.others[app]
            )

    def look_at_clock(self, now_s: float, at_s: float) -> None:
        """Compare the two clocks; where the wall's was set back, every time that is kept follows.

        A clock that was set forward leaves them be: they look older, and nothing looks good that
        is not. now_s is of the monotonic clock, at_s is Unix time.
        """
        with self.lock:
            ahead_s, self._ahead_s = self._ahead_s, at_s - now_s
            by_s = 0.0 if ahead_s is None else ahead_s - self._ahead_s
            if by_s < SET_BACK_S_MIN:
                return
            self.metrics.clock_was_set_back(by_s)
            for app in self.last_pass_at_s:
                self.last_pass_at_s[app] -= by_s
            lines = [replace(line, at_s=line.at_s - by_s) for line in self.last]
            self.last = deque(lines, maxlen=LAST_MAX)
            for seen in (one for releases in self.seen.values() for one in releases.values()):
                seen.good_at_s = {spot: good - by_s for spot, good in seen.good_at_s.items()}

    def _at(self, probe: Probe, now_s: float) -> Probe:
        """The probe, ended now at the latest: its process may have had the clock of before."""
        if self._ahead_s is None:
            return probe
        return replace(probe, ended_at_s=min(probe.ended_at_s, now_s + self._ahead_s))

    def release_answers(self, app: str, release: str, now_s: float, at_s: float) -> bool:
        """A release answered, whether to health or to a save; whether it is a new one."""
        with self.lock:
            known = self.seen[app].get(release)
            new = known is None or known.gone
            if known is None:
                known = self.seen[app][release] = Seen(release, now_s, now_s)
            if new:
                known.gone, known.bad, known.planted = False, {}, {}
                self.metrics.release_answers(app, release, at_s)
            known.last_s = now_s
            self.current[app] = release
            self._let_go(app, now_s)
            return new

    def _let_go(self, app: str, now_s: float) -> None:
        """End what is said of releases that answer no longer, and forget the oldest."""
        releases = self.seen[app]
        for seen in releases.values():
            silent_s = now_s - seen.last_s
            if not seen.gone and silent_s > GONE_AFTER_INTERVALS * self.interval_s:
                seen.gone = True
                self.metrics.release_gone(app, seen.release)
        by_age = sorted(releases.values(), key=lambda seen: seen.last_s, reverse=True)
        for seen in by_age[RELEASES_MAX:]:
            self.metrics.forget_release(app, seen.release)
            del releases[seen.release]

    def answering(self, app: str) -> frozenset[str]:
        """The releases that answer there now."""
        with self.lock:
            return frozenset(seen.release for seen in self.seen[app].values() if not seen.gone)

    def last_good(self, app: str, losing: str) -> str | None:
        """The release of the newest good probe but for the one that loses data."""
        with self.lock:
            good = [release for release in self._good[app] if release != losing]
            return good[-1] if good else None

    def judged(self, probe: Probe, now_s: float) -> None:
        """Count what a probe found."""
        with self.lock:
            probe = self._at(probe, now_s)
            for app, told in probe.told.items():
                for one in told:
                    release = self._named(app, one)
                    if one.result is not Result.SKIPPED:
                        self.release_answers(app, release, now_s, probe.ended_at_s)
                    self._count(app, release, one, probe)
                if told and all(one.result is Result.PASS for one in told):
                    self.last_pass_at_s[app] = probe.ended_at_s
                    for one in told:
                        self._passed(app, self._named(app, one))
                self._note(app, told, probe)
            if probe.unread is not None:
                for app in probe.told:
                    self.metrics.storage_unread(app, probe.unread)

    def checked(self, probe: Probe, now_s: float) -> None:
        """Count what became of what was planted; nothing but such a check takes it back."""
        with self.lock:
            probe = self._at(probe, now_s)
            for app, told in probe.told.items():
                for one in told:
                    release = self._named(app, one)
                    self.release_answers(app, release, now_s, probe.ended_at_s)
                    self._count(app, release, one, probe, planted=True)
                if any(one.result is not Result.PASS for one in told):
                    self._note(app, told, probe)
                if probe.unread is not None:
                    self.metrics.storage_unread(app, probe.unread)

    def is_damaged(self, app: str) -> bool:
        """Whether the newest check found planted records that are not whole."""
        with self.lock:
            return any(seen.planted for seen in self.seen[app].values() if not seen.gone)

    def nothing_planted(self, app: str) -> None:
        """What was planted has been cleaned: nobody can find it whole again."""
        with self.lock:
            self.metrics.nothing_planted(app)
            for seen in self.seen[app].values():
                seen.planted.clear()

    def _passed(self, app: str, release: str) -> None:
        """The newest good release is the last one; UNKNOWN is none to go back to."""
        if release == UNKNOWN:
            return
        self._good[app].pop(release, None)
        self._good[app][release] = None
        while len(self._good[app]) > RELEASES_MAX:
            del self._good[app][next(iter(self._good[app]))]

    def _named(self, app: str, told: Told) -> str:
        """What nobody could name is what answered last, where anything did."""
        if told.release == UNKNOWN:
            return self.current.get(app, UNKNOWN)
        return told.release

    def _count(
        self, app: str, release: str, told: Told, probe: Probe, *, planted: bool = False
    ) -> None:
        if release not in self.seen[app]:
            self.seen[app][release] = Seen(release, 0.0, 0.0)
            self.metrics.release_answers(app, release, probe.ended_at_s)
        if told.form not in self.forms[app] and told.form not in self.others[app]:
            # A loss counts wherever it is, also where nobody expected to look.
            names = list(dict.fromkeys([*told.checked, *(name for name, _ in told.bad)]))
            self.others[app][told.form] = names
            self.metrics.judge_also(app, told.form, names)
        self.metrics.probe_ended(
            app,
            Probed(
                form=told.form,
                release=release,
                result=told.result,
                seconds=probe.seconds,
                ended_at_s=probe.ended_at_s,
                trace=probe.run or "none",
                checked=told.checked,
                bad=told.bad,
                saves_s=told.saves_s,
                planted=planted,
            ),
        )
        seen = self.seen[app][release]
        if told.result not in (Result.PASS, Result.LOSS):
            return
        said = seen.planted if planted else seen.bad
        for spot in [spot for spot in said if spot[0] == told.form]:
            del said[spot]
        wrong = {name for name, _ in told.bad}
        said.update({(told.form, name): str(anomaly) for name, anomaly in told.bad})
        for name, count in told.checked.items():
            if count and name not in wrong:
                seen.good_at_s[told.form, name] = probe.ended_at_s

    def _note(self, app: str, told: Sequence[Told], probe: Probe) -> None:
        results = {one.result for one in told}
        worst = next(
            r for r in (Result.LOSS, Result.ERROR, Result.TIMEOUT, Result.SKIPPED, Result.PASS)
            if r in results or r is Result.PASS
        )  # fmt: skip
        releases = ", ".join(dict.fromkeys(self._named(app, one) for one in told))
        sentence = next((one.sentence for one in told if one.result is worst), probe.sentence)
        self.last.appendleft(
            Line(probe.run, app, probe.ended_at_s, probe.seconds, worst, releases, sentence)
        )

    def cleaned(self, app: str, probe: Probe, residue_n: int) -> None:
        """Count what became of a probe's records; residue_n are those of all that are kept."""
        with self.lock:
            self.residue[app] = residue_n
            self.metrics.records(
                app,
                written_n=probe.cleaned.written_n,
                cleaned_n=probe.cleaned.cleaned_n + probe.swept_n,
                residue_n=residue_n,
            )

    def skipped(self, app: str, why: str, run_n: int, at_s: float) -> None:
        """So many times of the schedule came while a probe was still at work."""
        with self.lock:
            for _ in range(min(run_n, LAST_MAX)):
                for form in self.forms[app]:
                    release = self.current.get(app, UNKNOWN)
                    self._count(
                        app,
                        release,
                        Told(form, release, Result.SKIPPED, why),
                        Probe("", Path(), app, 0, 0.0, at_s, why),
                    )
