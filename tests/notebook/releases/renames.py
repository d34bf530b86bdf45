"""Faulty: the summary is sent as the abstract, and pages that were open before still send it so."""

from collections.abc import Mapping
from typing import Any

from notebook import Answer, Draft, Notebook


class Release(Notebook):
    def form_page(self, values: Mapping[str, Any], told: str = "") -> Answer:
        page = super().form_page(values, told)
        page.set_data(page.get_data(as_text=True).replace('name="summary"', 'name="abstract"'))
        return page

    def draft(self, form: Mapping[str, str], lines: list[str]) -> Draft:
        return super().draft({**form, "summary": form.get("abstract", "")}, lines)
