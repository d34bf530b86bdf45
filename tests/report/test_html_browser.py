"""The page in a real browser, with the network off."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from harness.exhibits import Account
from harness.report.html import html
from harness.verdict import Answer
from tests.browsing import launched
from tests.report.accounts import account, exhibit, filled, grid, journey
from tests.report.hostile import HOSTILE

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

PHONE_PX = 380
WIDE = account(
    exhibits=(exhibit(journey("mot" * 200, "mot" * 90), journey("a b " * 90, None)),),
    grids=(grid(30, 16),),
)
ACCOUNTS = {
    "pass": account(Answer.PASS),
    "block": WIDE,
    "inconclusive": account(Answer.INCONCLUSIVE),
    **{f"hostile {at}": filled(text * 9) for at, text in enumerate(HOSTILE)},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser that a gate would drive."""
    with launched() as found:
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_page_opens_alone_and_fits_a_phone(
    browser: Browser, tmp_path: Path, name: str, scheme: str
) -> None:
    """It asks for nothing, says nothing to the console, and is never wider than a phone."""
    asked, said = [], []
    page_file = write(tmp_path, ACCOUNTS[name])
    with browser.new_context(
        offline=True,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": PHONE_PX, "height": 800},
    ) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(page_file.as_uri())
        width_px = page.evaluate("document.documentElement.scrollWidth")
        scripts = page.evaluate("document.scripts.length")

    assert [] == [url for url in asked if not url.startswith(("data:", page_file.as_uri()))]
    assert [] == said
    assert (width_px, scripts) == (PHONE_PX, 0)


def test_a_phone_shows_marks_beside_the_longest_case(browser: Browser, tmp_path: Path) -> None:
    """However many factors a case has, its name leaves room for the marks of two fields."""
    levels = {f"factor number {n}": "a level of some words" for n in range(11)}
    wide = grid()
    rows = tuple(replace(row, levels=levels) for row in wide.rows)
    page_file = write(tmp_path, account(grids=(replace(wide, rows=rows),)))
    with browser.new_context(viewport={"width": PHONE_PX, "height": 800}) as context:
        page = context.new_page()
        page.goto(page_file.as_uri())
        edges = page.evaluate(
            "[...document.querySelectorAll('.grid tbody tr')]"
            ".map(row => row.cells[2].getBoundingClientRect().right)"
        )

    assert edges
    assert max(edges) <= PHONE_PX


def test_both_colour_schemes_are_readable(browser: Browser, tmp_path: Path) -> None:
    """Text and ground contrast at least 4.5 to 1 in light and in dark, for every text there is."""
    page_file = write(tmp_path, WIDE)
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme) as context:
            page = context.new_page()
            page.goto(page_file.as_uri())
            poor = page.evaluate(CONTRAST)

        assert [] == poor, scheme


def write(folder: Path, whole: Account) -> Path:
    path = folder / "report.html"
    path.write_text(html(whole, folder), encoding="utf-8")
    return path


# Relative luminance as WCAG 2 defines it; the ground is the nearest one that is not transparent.
CONTRAST = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0.99) return c; } return [255, 255, 255]; };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; n = walk.nextNode();) {
    const e = n.parentElement;
    if (!n.data.trim() || e.closest('svg, .aloud')) continue;
    const [a, b] = [parse(getComputedStyle(e).color), ground(e)].map(light).sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${n.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(poor)];
}"""
