"""Write every dashboard as the JSON that Grafana reads: make dashboards."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.form import FORM_AND_FIELD
from dashboards.health import HEALTH
from dashboards.overview import OVERVIEW
from dashboards.panels import Dashboard, built
from dashboards.release import RELEASE_PAGE
from dashboards.slo import SLO

FOLDER = Path(__file__).parent / "grafana" / "json"
ALL = (OVERVIEW, RELEASE_PAGE, FORM_AND_FIELD, HEALTH, SLO)


def text(told: Dashboard) -> str:
    """A dashboard as it is committed."""
    return plain(built(told))


def plain(made: object) -> str:
    """What was built, as JSON whose keys stay in one order."""
    found = json.loads(json.dumps(made, cls=JSONEncoder), object_hook=_in_sight)
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def _in_sight(found: dict[str, Any]) -> dict[str, Any]:
    """Without the default by which newer versions of Grafana put links into a closed menu."""
    if found.get("placement") == "inControlsMenu":
        del found["placement"]
    return found


def main() -> int:
    """Write them all, and remove what is none of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for stray in set(FOLDER.glob("*.json")) - {FOLDER / f"{told.uid}.json" for told in ALL}:
        stray.unlink()
    for told in ALL:
        (FOLDER / f"{told.uid}.json").write_text(text(told), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
