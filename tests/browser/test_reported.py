"""A report as a browser shows it, on screens of two widths and on paper."""

import base64
import re

import pytest

from maedet_tui.report import swept
from maedet_tui.report.gathering import read
from maedet_tui.report.page import page

pytestmark = pytest.mark.nightly

#: what is wider than the page, or drawn beyond it, but for what scrolls by itself
BEYOND = """
const width = document.documentElement.clientWidth;
return [...document.querySelectorAll("body *")].filter(one => {
  if (one.closest(".wide") && !one.matches(".wide")) return false;
  if (one.closest("pre") && !one.matches("pre")) return false;
  const box = one.getBoundingClientRect();
  return box.width > 0 && (box.right > width + 1 || box.left < -1);
}).map(one => one.tagName + " " + one.className);
"""
#: pairs of texts in one drawing that cover each other by more than a third of a line
COVERED = """
const found = [];
for (const drawing of document.querySelectorAll("svg")) {
  const names = [...drawing.querySelectorAll("text.name")].map(one => one.getBoundingClientRect());
  names.forEach((a, i) => names.slice(i + 1).forEach(b => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > a.height / 3) found.push([a.top, b.top]);
  }));
}
return found;
"""


@pytest.fixture
def written(runs, _family, tmp_path):
    """Reports of one run, of two, and of a sweep."""
    both = [read(runs / name) for name in ("seed-3", "seed-4")]
    one, two, three = (tmp_path / f"{name}.html" for name in ("one", "two", "sweep"))
    one.write_text(page(both[:1]))
    two.write_text(page(both))
    three.write_text(page([], sweeps=[swept.read(_family)]))
    return one, two, three


@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_asks_nobody_for_anything(browser, written, width, scheme):
    browser.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    for path in written:
        browser.open(path.as_uri(), width)
        assert browser.requests() == [path.as_uri()]
        assert browser.complaints() == []
        assert browser.run(BEYOND) == []
        assert browser.run(COVERED) == []
        ground = browser.run("return getComputedStyle(document.body).backgroundColor")
        assert (int(re.search(r"\d+", ground).group()) > 128) == (scheme == "light")
        assert browser.run("return document.querySelectorAll('svg').length") > 4


def test_on_paper_all_of_it_is_there(browser, written):
    for path in (written[0], written[2]):
        browser.open(path.as_uri())
        browser.run("document.querySelectorAll('details').forEach(one => one.open = true)")
        everything = pages(browser)
        browser.run("document.querySelectorAll('details').forEach(one => one.open = false)")
        assert pages(browser) == everything > 3  # what is folded on a screen is printed too


def pages(browser):
    """How many sheets of A4 a page takes."""
    found = browser.driver.execute_cdp_cmd(
        "Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
    )
    return len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(found["data"])))
