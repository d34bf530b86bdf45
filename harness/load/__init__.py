"""What a Locust file imports to journal its saves; it imports neither Locust nor a browser."""

from harness.journal.handles import Record, Save, exact
from harness.load.company import attend
from harness.load.journaling import Journal, told

__all__ = ["Journal", "Record", "Save", "exact", "told"]

# A load of several processes has a master, which makes no user and so no journal.
attend()
