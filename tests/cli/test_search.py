"""`maedet-tui search --headless`: what it prints, writes and returns."""

from pathlib import Path

import pytest

from engine.costs import total_cost
from engine.formats import saved_yaml, structure_info, structure_yaml
from maedet_tui.presets import load
from tests.cli.conftest import last_json

KEYS = {"run_dir", "score", "params", "flops", "layers", "iterations", "seconds", "structure"}


def test_json_is_the_last_line_and_agrees_with_the_files(run, folder):
    result = run("search", "quick.yaml", "--headless", "--json", "--name", "one")
    assert result.exit_code == 0
    values = last_json(result.stdout)
    assert result.stdout.count("\n") == 1
    assert values.keys() >= KEYS
    assert values["run_dir"] == "runs/one"
    assert values["iterations"] == 300
    saved = saved_yaml.loads((folder / "runs/one/best.yaml").read_text())
    structure = structure_yaml.from_rows(values["structure"])
    assert saved.structure == structure
    assert structure_info.loads((folder / "runs/one/best.txt").read_text()) == structure
    cost = total_cost(structure)
    assert (values["params"], values["flops"], values["layers"]) == cost
    assert cost.flops <= 91e9 and cost.layers <= 91
    assert values["score"] == saved.score.z > 600


def test_the_saved_file_says_how_its_score_came_about(run, folder):
    run("search", "quick.yaml", "--headless", "--name", "one", "--seed", "5")
    saved = saved_yaml.loads((folder / "runs/one/best.yaml").read_text())
    assert saved.score.method == "closed-form" and saved.score.detail
    assert saved.objective.size == "nominal"
    assert saved.search["seed"] == 5 and saved.search["preset"] == "quick"
    assert saved.search["iterations"] == 300 and saved.search["state"] == "finished"
    assert {"python", "maedet-tui", "numpy"} <= saved.search["versions"].keys()
    assert saved.created


def test_the_frozen_preset_repeats_the_search(run, folder):
    first = run("search", "quick.yaml", "--json", "--name", "one", "--seed", "5")
    again = run("search", "runs/one/preset.yaml", "--json", "--name", "two")
    assert load("runs/one/preset.yaml").schedule.seed == 5
    first, again = last_json(first.stdout), last_json(again.stdout)
    assert first["structure"] == again["structure"] and first["score"] == again["score"]
    other = run("search", "quick.yaml", "--json", "--name", "three", "--seed", "6")
    assert last_json(other.stdout)["structure"] != first["structure"]


def test_plain_output_shows_the_best_and_where_it_is(run):
    result = run("search", "quick.yaml", "--headless", "--name", "one")
    assert result.exit_code == 0
    for words in ("Finished: 300 iterations", "FLOPs", "bottleneck", "runs/one/best.yaml"):
        assert words in result.stdout
    assert "\x1b" not in result.output


def test_options_override_the_preset(run, folder):
    result = run(
        "search", "quick.yaml", "--json", "--name", "one", "--runs-dir", "elsewhere/deep",
        "--iterations", "40", "--population", "3",
    )  # fmt: skip
    values = last_json(result.stdout)
    assert values["run_dir"] == "elsewhere/deep/one" and values["iterations"] == 40
    # a population of 3 cannot keep 4
    schedule = load("elsewhere/deep/one/preset.yaml").schedule
    assert (schedule.population, schedule.keep) == (3, 3)


def test_runs_without_a_name_never_share_a_folder(run, folder):
    places = set()
    for _ in range(3):
        result = run("search", "quick.yaml", "--json", "--iterations", "2")
        places.add(last_json(result.stdout)["run_dir"])
    assert len(places) == 3
    assert all(place.startswith("runs/quick-") for place in places)


def test_a_taken_name_is_refused_and_left_alone(run, folder):
    run("search", "quick.yaml", "--headless", "--name", "one")
    before = (folder / "runs/one/best.yaml").read_text()
    result = run("search", "quick.yaml", "--headless", "--name", "one", "--seed", "9")
    assert result.exit_code == 1
    assert "holds a run already" in result.stderr and "--name" in result.stderr
    assert (folder / "runs/one/best.yaml").read_text() == before


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".", "..", ".hidden", "a\nb", "x" * 300])
def test_names_that_are_no_folder_are_refused(run, folder, name):
    result = run("search", "quick.yaml", "--headless", "--name", name)
    assert result.exit_code == 1 and "--name" in result.stderr
    assert not (folder / "runs").exists()


def test_a_runs_dir_that_is_a_file(run, folder):
    (folder / "file").write_text("mine")
    for runs_dir in ("file", "file/below"):
        result = run("search", "quick.yaml", "--headless", "--runs-dir", runs_dir)
        assert result.exit_code == 1 and "--runs-dir" in result.stderr
    assert (folder / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--iterations", "0"], "--iterations"),
        (["--iterations", "many"], "--iterations"),
        (["--population", "1"], "--population"),
        (["--population", "-3"], "--population"),
        (["--seed", "-1"], "--seed"),
        (["--scorer", "fwd"], "--scorer"),
        (["--device", "gpu"], "--device"),
        (["--colour"], "--colour"),
    ],
)
def test_wrong_options_are_wrong_usage(run, folder, args, words):
    result = run("search", "quick.yaml", "--headless", *args)
    assert result.exit_code == 2 and words in result.stderr
    assert result.stdout == "" and not (folder / "runs").exists()


def test_no_preset_and_an_unknown_one(run):
    assert run("search").exit_code == 2
    result = run("search", "maedet-xl", "--headless")
    assert result.exit_code == 2 and "maedet-s, maedet-m, maedet-l" in result.stderr


def test_a_preset_with_mistakes_fails_with_all_of_them(run, folder):
    (folder / "bad.yaml").write_text("budget: {flops: 91X}\nscorer: fast\n")
    result = run("search", "bad.yaml", "--headless")
    assert result.exit_code == 1
    assert "bad.yaml:1: budget.flops" in result.stderr
    assert "bad.yaml:2: scorer" in result.stderr


def test_without_a_terminal_the_screen_is_refused_with_the_way_out(run):
    result = run("search", "quick.yaml")
    assert result.exit_code == 2 and "--headless" in result.stderr
    result = run()
    assert result.exit_code == 2 and "--headless" in result.stderr


def test_cuda_asked_for_and_absent(run, folder, monkeypatch):
    monkeypatch.setattr("engine.scorers.factory.cuda_available", lambda: False)
    result = run("search", "quick.yaml", "--json", "--scorer", "forward", "--device", "cuda")
    assert result.exit_code == 1 and "CUDA" in result.stderr
    assert result.stdout == ""
    # a run that found nothing leaves nothing behind
    assert list((folder / "runs").iterdir()) == []


def test_a_best_that_cannot_be_saved_is_printed(run, monkeypatch):
    from maedet_tui.errors import SaveError
    from maedet_tui.runs import local

    def full(path, text, private):
        if path.name != "preset.yaml":
            raise SaveError(f"{path}: no space left")

    monkeypatch.setattr(local, "write_atomically", full)
    result = run("search", "quick.yaml", "--headless", "--name", "one")
    assert result.exit_code == 1
    assert "no space left" in result.stderr
    printed = result.stderr[result.stderr.index("structure:") :]
    assert len(structure_yaml.loads(printed).blocks) >= 5


def test_a_best_with_pooling_is_saved_as_yaml_alone(run, folder):
    (folder / "pool.yaml").write_text(
        (folder / "quick.yaml").read_text() + "initial: resnet-50\nspace: {stage_depths: {C4: 12}}"
    )
    result = run("search", "pool.yaml", "--json", "--name", "one", "--iterations", "20")
    assert result.exit_code == 0
    assert (folder / "runs/one/best.yaml").exists()
    assert not (folder / "runs/one/best.txt").exists()


def test_an_option_for_a_section_that_is_none(run, folder):
    (folder / "bad.yaml").write_text("reference: maedet-m\nbudget: {flops: 91G}\nsearch: 300\n")
    result = run("search", "bad.yaml", "--iterations", "5", "--headless")
    assert (
        result.exit_code != 0
        and "bad.yaml:3: search: is 300, but must be a mapping" in result.output
    )
    assert not (folder / "runs").exists()


@pytest.mark.skipif(not Path("/bin/false").exists(), reason="needs a program that fails")
def test_a_process_in_the_background_that_ends_at_once_is_told(run, folder, monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    result = run("search", "quick.yaml", "--name", "one", "--detach")
    assert result.exit_code == 1
    assert f"the search did not start; see {Path('runs/one/run.log')}" in result.stderr
