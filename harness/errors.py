"""One tree of errors; a message says what happened, the value seen, and what to do next.

::

    HarnessError
    ├── UsageError              exit 2: wrong arguments, nothing was started
    │   ├── PlanError           the plan does not validate
    │   └── ScenarioError       a scenario file is used in a way that can never be evidence
    └── EvidenceError           exit 3: promised evidence cannot be had
        ├── EnvironmentBroken   what the harness stands on failed: disk, port, browser, engine
        │   └── BrowserMissing  no browser to drive; the message holds the command that installs it
        ├── ReleaseDown         a release did not build, migrate, start or answer as itself
        ├── StorageUnreadable   storage could not be read
        │   └── LocatorMissing  a table, key or column that a form names is not there
        ├── DriveFailed         a child runner ended in a way that is no result
        ├── JourneyBroken       a page did not do what its scenario waited for
        └── RecordUnreadable    a journal, observation or plan of a run cannot be read back
"""


class HarnessError(Exception):
    """Anything the harness says on purpose."""

    exit_code = 70


class UsageError(HarnessError):
    """The call is wrong; nothing was started."""

    exit_code = 2


class PlanError(UsageError):
    """The plan does not validate; problems are its sentences, one for each thing to mend."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems or (message,)


class ScenarioError(UsageError):
    """A scenario is written in a way that can never be evidence."""


class EvidenceError(HarnessError):
    """Evidence that was promised cannot be had."""

    exit_code = 3


class EnvironmentBroken(EvidenceError):
    """The disk, a port, an engine or another thing the harness stands on failed."""


class BrowserMissing(EnvironmentBroken):
    """No browser to drive; the message holds the command that installs one."""


class ReleaseDown(EvidenceError):
    """A release did not build, migrate, start, or answer as itself.

    Whether this blocks depends on the baseline: only the gate, which has both, decides.
    """


class StorageUnreadable(EvidenceError):
    """Storage could not be read."""


class LocatorMissing(StorageUnreadable):
    """A form's table, key or column is not there."""


class DriveFailed(EvidenceError):
    """A child runner (pytest, Locust) ended in a way that is no result."""


class JourneyBroken(EvidenceError, AssertionError):
    """A page did not do what its scenario waited for; to pytest, an assertion that failed.

    Whether this blocks depends on reruns and the baseline: only the gate, which has both, decides.
    """


class RecordUnreadable(EvidenceError):
    """A file of a run folder cannot be read back."""
