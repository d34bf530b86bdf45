"""Probes in production, for ever: what users are told is saved, against what storage holds."""
