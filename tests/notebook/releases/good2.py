"""The same notebook under another name."""

from notebook import Notebook as Release

__all__ = ["Release"]
