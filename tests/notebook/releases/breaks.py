"""Faulty: whoever edits a note finds no button to save it, and no word why."""

from collections.abc import Mapping
from typing import Any

from notebook import Answer, Notebook


class Release(Notebook):
    def form_page(self, values: Mapping[str, Any], told: str = "") -> Answer:
        page = super().form_page(values, told)
        if "id" in values:
            page.set_data(page.get_data(as_text=True).replace("<button>Save</button>", ""))
        return page
