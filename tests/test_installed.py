"""What people install works outside of the checkout: a wheel made of an sdist, an editable install.

Each environment is new and holds the project alone; what it depends on is found where the
tests run, so that nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
PRESETS = sorted(path.name for path in (ROOT / "presets").glob("*.yaml"))

#: opens the home screen, styled; then what is where
LOOK = """
import asyncio, importlib.util, json
from pathlib import Path
import engine, maedet_tui
from maedet_tui.app import MaedetApp
from maedet_tui.presets.folder import BUILTIN

async def look():
    app = MaedetApp(start=lambda preset: None)
    async with app.run_test():
        return str(app.screen.query_one("#title").styles.height)  # as its style sheet has it

print(json.dumps({
    "packages": [str(Path(package.__file__).parent) for package in (engine, maedet_tui)],
    "presets": str(BUILTIN),
    "package of presets": importlib.util.find_spec("presets") is not None,
    "height of the title": asyncio.run(look()),
}))
"""


def run(*command: object, cwd: Path) -> str:
    # packages are found in the environment, not where whoever runs the tests points
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env=variables, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(target: str, root: Path, folder: Path) -> Path:
    """Build "sdist" or "wheel" of the project at `root`; the file."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=root)
    (made,) = folder.iterdir()
    return made


class Environment:
    """A new environment with the project in it, and a folder to work in."""

    def __init__(self, folder: Path, *project: object):
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        self.bin, self.work = folder / "venv" / "bin", folder / "work"
        self.work.mkdir()
        (self.site,) = (folder / "venv").glob("lib/python*/site-packages")
        # the .pth files of folders that a .pth file names are not heeded: an editable install
        # of the project in the tests' own environment is not seen
        where = [path for path in sys.path if path.endswith("site-packages")]
        (self.site / "dependencies.pth").write_text("\n".join(where))
        pip = (sys.executable, "-m", "pip", "--python", self.bin / "python", "install", "--quiet")
        run(*pip, "--no-deps", "--no-index", "--no-build-isolation", *project, cwd=folder)

    def python(self, code: str) -> str:
        return run(self.bin / "python", "-c", code, cwd=self.work)

    def program(self, *args: object) -> str:
        return run(self.bin / "maedet-tui", *args, cwd=self.work)


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """A wheel out of the sdist, as pip makes it where there is no wheel."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder)
    (root,) = folder.iterdir()
    return build("wheel", root, tmp_path_factory.mktemp("wheel"))


def test_a_wheel_has_two_packages_and_all_that_they_read(wheel, tmp_path):
    direct = build("wheel", ROOT, tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    assert sorted(names) == sorted(zipfile.ZipFile(direct).namelist())
    files = [PurePosixPath(name) for name in names if ".dist-info/" not in name]
    assert {file.parts[0] for file in files} == {"engine", "maedet_tui"}
    presets = [file.name for file in files if file.parent.name == "builtin"]
    assert sorted(presets) == PRESETS
    for package in ("engine", "maedet_tui"):
        here = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert here <= set(names)


def works(environment: Environment) -> dict:
    """Use the program from a folder of its own; what it says of itself."""
    names = {line.split()[0] for line in environment.program("presets").splitlines()[1:] if line}
    assert {Path(preset).stem for preset in PRESETS} <= names
    shown = environment.program("presets", "show", "maedet-s")
    assert shown.startswith("# MAE-DET-S")
    # without an audit, which would wait for torch
    mine = shown.replace("audit: true", "audit: false").replace("auto  ", "closed-form  ")
    (environment.work / "mine.yaml").write_text(mine.replace("96000", "300"))
    environment.program("search", "mine.yaml", "--headless", "--name", "mine")
    assert (environment.work / "runs" / "mine" / "best.yaml").is_file()
    return json.loads(environment.python(LOOK))


def test_the_program_works_from_a_wheel(wheel, tmp_path):
    environment = Environment(tmp_path, wheel)
    seen = works(environment)
    assert seen["packages"] == [str(environment.site / name) for name in ("engine", "maedet_tui")]
    assert seen["presets"] == str(environment.site / "maedet_tui" / "presets" / "builtin")
    assert not seen["package of presets"]
    assert seen["height of the title"] == "1"


@pytest.mark.nightly
def test_the_program_works_from_a_checkout(tmp_path):
    environment = Environment(tmp_path, "--editable", ROOT)
    seen = works(environment)
    assert seen["packages"] == [str(ROOT / name) for name in ("engine", "maedet_tui")]
    assert seen["presets"] == str(ROOT / "presets")
    assert not (environment.site / "maedet_tui").exists()
