"""Debian's Chromium without a window, which notes every request that leaves a page.

Only these tests need it; `.ci/nightly browser` installs it, and they are not run without it.
"""

import json
import re
import shutil
import subprocess
import sys
import time

import pytest

from tests.waiting import PATIENCE


class Browser:
    """A browser, and eyes."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, address, width=1200, height=900):
        """Open a page in a window of that size."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        self.driver.get(address)

    def requests(self):
        """Addresses of all that was asked for since the last look, the page itself included."""
        said = [json.loads(one["message"])["message"] for one in self.driver.get_log("performance")]
        return [
            one["params"]["request"]["url"]
            for one in said
            if one["method"] == "Network.requestWillBeSent"
        ] + [
            one["params"]["url"] for one in said if one["method"] == "Network.webSocketCreated"
        ]  # fmt: skip

    def complaints(self):
        """What the console says is wrong."""
        return [one["message"] for one in self.driver.get_log("browser")]

    def run(self, script, *arguments):
        """The value of a function's body in JavaScript."""
        return self.driver.execute_script(script, *arguments)

    def until(self, condition):
        """Wait for something to become true; fail if it never does."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return found

    def press(self, keys):
        """Type into what has the focus."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(keys).perform()


@pytest.fixture(scope="module")
def _driver():
    pytest.importorskip("selenium", reason="the extra `browser` is not installed")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    programs = [shutil.which("chromium"), shutil.which("chromedriver")]
    if None in programs:
        pytest.skip("chromium and chromedriver are not installed")
    options = ChromeOptions()
    options.binary_location = programs[0]
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage",
                     "hide-scrollbars"):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = Chrome(options=options, service=Service(programs[1]))
    yield driver
    driver.quit()


@pytest.fixture
def browser(_driver):
    browser = Browser(_driver)
    _driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    _driver.get("about:blank")
    browser.requests()
    browser.complaints()
    return browser


@pytest.fixture
def serving(tmp_path):
    """`maedet-tui serve` on a free port of this machine: its process and its link."""
    pytest.importorskip("textual_serve", reason="the extra `web` is not installed")
    command = [sys.executable, "-m", "maedet_tui", "--runs-dir", str(tmp_path / "runs"), "serve"]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    link = re.search(r"http://\S+", process.stdout.readline()).group()
    yield process, link
    process.terminate()
    assert process.wait(PATIENCE) == 0


from tests.report.conftest import _searched, runs  # noqa: E402, F401
from tests.report.test_sweeps import _family  # noqa: E402, F401
