"""Mutation testing of the search, the costs and the closed form: does some test notice?

`mutmut` changes one operator, number, argument or word at a time and runs the tests that
reach it. Mutants that no test kills are listed with the reason in survivors.yaml beside this
file; one that is not listed there fails this program, as a share of killed ones below 90 %
does. It works on a copy, in which results are not cached: mutmut leaves decorated functions
alone, and what a cache holds from before would hide a mutant.

    python .ci/mutation.py [--children N] [--keep FOLDER] [PATTERN of mutants, such as *trade*]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LISTED = HERE / "survivors.yaml"
LEAST_KILLED = 0.90
COPIED = ("engine", "maedet_tui", "presets", "tests", "pyproject.toml", "README.md", "LICENSE")
CACHE = re.compile(r"^@lru_cache\(.*\)\n", re.MULTILINE)
#: what mutmut keeps of a mutant: pytest's status, or the signal that ended it
KILLED, SURVIVED, NO_TESTS = (1, 3), 0, 33
TIMED_OUT = (36, 24, -24, 152, 255)


class Mutant(NamedTuple):
    """What a mutant changed: the function, and its lines before and after, stripped."""

    function: str
    was: str
    now: str


def copied(folder: Path) -> None:
    """The tracked files of this tree in a folder, without caches in what is mutated."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *COPIED], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    for path in judged(folder):
        path.write_text(CACHE.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")


def judged(folder: Path) -> list[Path]:
    """The files whose mutants are judged, as `[tool.mutmut]` names them."""
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    patterns = re.search(r"only_mutate = \[(.*?)\]", text, re.DOTALL)
    assert patterns, "pyproject.toml names no files to mutate"
    return sorted(path for one in re.findall(r'"(.+?)"', patterns[1]) for path in folder.glob(one))


def results(folder: Path) -> dict[str, int | None]:
    """Exit codes by the name of the mutant."""
    found: dict[str, int | None] = {}
    for path in judged(folder):
        meta = folder / "mutants" / f"{path.relative_to(folder)}.meta"
        if meta.exists():
            found |= json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def described(folder: Path, names: list[str]) -> dict[str, Mutant]:
    """What each of these mutants changed, by mutmut's own account."""
    program = (
        "import json, sys\n"
        "from mutmut.mutation.diff_apply import get_diff_for_mutant\n"
        "names = json.load(sys.stdin)\n"
        "json.dump({name: get_diff_for_mutant(name) for name in names}, sys.stdout)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder, input=json.dumps(names), check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    found = {}
    for name, diff in json.loads(shown).items():
        lines = diff.splitlines()[2:]
        was, now = (
            " ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
        )
        found[name] = Mutant(plain(name), was, now)
    return found


def plain(name: str) -> str:
    """The function of a mutant, without mutmut's decorations."""
    module, _, mangled = name.partition("__mutmut_")[0].rpartition(".")
    mangled = mangled.removeprefix("xǁ").replace("ǁ", ".")
    return f"{module}.{mangled.removeprefix('x_')}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="work here, and leave it for `mutmut show`")
    parser.add_argument("pattern", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        copied(folder)
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "CI": "1"}
        children = ["--max-children", str(options.children)]
        with open(folder / "mutmut.log", "w", encoding="utf-8") as log:
            ended = subprocess.run(
                [sys.executable, "-m", "mutmut", "run", *children, *options.pattern],
                cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT,
            ).returncode  # fmt: skip
        if ended:
            print((folder / "mutmut.log").read_text(encoding="utf-8")[-3000:])
            return ended
        codes = {name: code for name, code in results(folder).items() if code is not None}
        survivors = described(folder, [n for n, code in codes.items() if code not in KILLED])
    return report(codes, survivors, options.pattern)


def report(codes: dict[str, int], survivors: dict[str, Mutant], patterns: list[str]) -> int:
    """Print what lived, and whether that is as listed; the exit status."""
    timed_out = {name for name in survivors if codes[name] in TIMED_OUT}
    alive = {name: one for name, one in survivors.items() if name not in timed_out}
    listed = Counter(
        Mutant(one["function"], one["was"], one["now"])
        for one in yaml.safe_load(LISTED.read_text(encoding="utf-8")) or []
    )
    new = []
    for name, mutant in survivors.items():
        if listed[mutant] > 0:
            listed[mutant] -= 1
        elif name in alive:
            new.append((name, mutant))
    print(f"{len(codes)} mutants, {len(alive)} live, {len(timed_out)} went on for ever")
    for name in sorted(timed_out):
        print(f"for ever: {name}: {survivors[name].now}")
    for name, mutant in new:
        print(f"\nnew, {codes[name]}: {name}\n  - {mutant.was}\n  + {mutant.now}")
    gone = [] if patterns else list(listed.elements())
    for mutant in gone:
        print(f"\nlisted, but killed or gone: {mutant.function}\n  + {mutant.now}")
    killed = 1 - len(alive) / max(1, len(codes))
    print(f"\n{killed:.1%} killed; {len(new)} survivors are not listed in {LISTED.name}")
    return 1 if new or gone or killed < LEAST_KILLED else 0


if __name__ == "__main__":
    sys.exit(main())
