"""Releases with a known answer, gated: what the gate said against what each release expects."""
