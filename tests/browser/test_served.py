"""The screens in a browser: let in by the link alone, a search begun, saved and left."""

import signal
import urllib.error
import urllib.request

import psutil
import pytest

from maedet_tui.store.listing import line
from tests.waiting import PATIENCE

pytestmark = pytest.mark.nightly

ENTER = "\ue007"


def answer(address, **headers):
    """The status of an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as found:
            return found.status
    except urllib.error.HTTPError as error:
        return error.code


def seen(browser):
    """What the page says of its session: that something was drawn, or that it is over."""
    return browser.run("return document.body.className")


def runs_of(folder):
    return sorted(one for one in folder.glob("runs/*") if (one / "run.db").exists())


def children(process):
    return psutil.Process(process.pid).children(recursive=True)


def test_a_search_is_begun_saved_and_left(browser, serving, tmp_path):
    process, link = serving
    origin = link.partition("/?")[0]
    browser.open(link)
    browser.until(lambda: browser.driver.current_url == f"{origin}/")  # the token is not kept
    browser.until(lambda: "-first-byte" in seen(browser))
    asked = browser.requests()
    assert all(one.startswith((origin, origin.replace("http", "ws"), "data:")) for one in asked)
    assert any(one.startswith("ws://") for one in asked)
    (child,) = children(process)
    browser.until(lambda: drawn(browser))
    browser.press(ENTER)  # a search with the preset that is marked
    (run,) = browser.until(lambda: runs_of(tmp_path))
    browser.until(lambda: line(run).score)
    browser.press("s")
    browser.until((run / "best.yaml").exists)
    browser.press("q")  # of a search that is not over, it asks
    browser.press("y")
    psutil.wait_procs([child], PATIENCE)
    assert line(run).state in ("stopped", "finished")
    browser.until(lambda: "-closed" in seen(browser))
    assert not [said for said in browser.complaints() if "Content Security" in said]


def drawn(browser):
    """Whether something is drawn: the terminal is a canvas, whose picture grows with its text."""
    return len(browser.driver.get_screenshot_as_png()) > 20_000


@pytest.mark.parametrize("end", ["the page is closed", "the server ends"])
def test_whatever_goes_away_the_search_is_saved_and_no_process_is_left(
    browser, serving, tmp_path, end
):
    process, link = serving
    browser.open(link)
    browser.until(lambda: "-first-byte" in seen(browser))
    browser.until(lambda: drawn(browser))
    (child,) = children(process)
    browser.press(ENTER)
    (run,) = browser.until(lambda: runs_of(tmp_path))
    browser.until(lambda: line(run).score)
    if end == "the server ends":
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    else:
        browser.driver.get("about:blank")
    psutil.wait_procs([child], PATIENCE)
    assert not child.is_running()
    assert line(run).state in ("stopped", "finished")
    assert (run / "best.yaml").exists()


def test_nobody_else_is_let_in(browser, serving):
    _, link = serving
    origin = link.partition("/?")[0]
    assert answer(f"{origin}/") == answer(f"{origin}/ws") == 403
    assert answer(f"{origin}/static/js/textual.js") == 403
    assert answer(f"{origin}/?token=guessed") == 403
    browser.open(link)
    browser.until(lambda: "-first-byte" in seen(browser))
    assert answer(link) == 403  # it has worked once
    (cookie,) = browser.driver.get_cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    told = f"{cookie['name']}={cookie['value']}"
    assert answer(f"{origin}/", Cookie=told) == 200
    # a page of another port of this machine would send the cookie too
    assert answer(f"{origin}/ws", Cookie=told, Origin="http://127.0.0.1:1") == 403
