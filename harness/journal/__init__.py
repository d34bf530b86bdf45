"""The append-only record of a run: what was intended, what the user was told, what was sent."""
