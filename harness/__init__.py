"""A deploy gate that compares what users were told was saved with what storage holds."""

__version__ = "0.1.0"
