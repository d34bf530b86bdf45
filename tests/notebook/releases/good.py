"""What runs today."""

from notebook import Notebook as Release

__all__ = ["Release"]
