"""One stable address before deployments: it switches, splits, holds, delays, resets and cuts.

It runs as a child process and knows nothing but addresses, so it stands before containers, local
processes and running addresses alike.
"""

from harness.front.counts import Counts
from harness.front.opening import Front, open_front, open_fronts

__all__ = ["Counts", "Front", "open_front", "open_fronts"]
