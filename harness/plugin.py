"""The pytest fixtures for those who write scenarios."""
