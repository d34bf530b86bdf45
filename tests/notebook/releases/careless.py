"""Faulty in four ways at once, as releases are that were never gated."""

from releases import drops, half, keeps, truncates


class Release(truncates.Release, half.Release, drops.Release, keeps.Release):
    pass
