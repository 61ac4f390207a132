"""The commands that look things up: score, zoo, presets."""

import json
from math import isfinite, isnan

import pytest
import yaml

from engine.costs import total_cost
from engine.formats import saved_yaml, structure_info, structure_yaml
from engine.settings import GRADIENT_PROXIES, PROXIES, SCORERS
from engine.zoo import KNOWN, ZOO
from tests.cli.conftest import last_json
from tests.engine.formats.test_published import PARAMS, damo

LEVELS = ["C1", "C2", "C3", "C4", "C5"]


def test_score_of_a_zoo_name(run):
    values = last_json(run("score", "maedet-m", "--json", "--scorer", "closed-form").stdout)
    assert values["params"] == 25_843_536 and values["flops"] == 89_933_136_000
    assert values["layers"] == 91
    assert list(values["entropy"]) == LEVELS
    entropy = values["entropy"]
    # Z with nominal sizes is C3 : C4 : C5 = 4 : 2 : 1, weights 1, 1, 6, up to a constant
    assert values["score"] > 0 and values["score_std"] > 0 and values["score_error"] == 0
    assert entropy["C5"] == pytest.approx(258, abs=1)
    assert values["passes"] == 0 and "closed form" in values["scorer"]


@pytest.mark.parametrize("scorer", ["closed-form", "naswot-closed-form"])
def test_repeats_without_passes_are_pointed_out(run, scorer):
    done = run("score", "maedet-s", "--scorer", scorer, "--repeats", "3")
    assert done.exit_code == 0 and "--repeats has no effect" in done.stderr


@pytest.mark.parametrize("suffix", ["yaml", "txt", "anything"])
def test_score_of_files_in_either_format(run, folder, suffix):
    structure = ZOO["single-scale"].structure
    dumps = structure_yaml.dumps if suffix == "yaml" else structure_info.dumps
    (folder / f"mine.{suffix}").write_text(dumps(structure))
    values = last_json(run("score", f"mine.{suffix}", "--json", "--scorer", "closed-form").stdout)
    assert values["params"] == total_cost(structure).params


def test_score_of_a_saved_best(run, folder):
    found = last_json(run("search", "quick.yaml", "--json", "--name", "one").stdout)
    for name in ("best.yaml", "best.txt"):
        scored = last_json(
            run("score", f"runs/one/{name}", "--json", "--scorer", "closed-form").stdout
        )
        assert scored["score"] == pytest.approx(found["score"])
        assert scored["entropy"] == pytest.approx(found["entropy"])


def test_score_takes_image_size_and_settings_from_a_preset(run, folder):
    (folder / "small.yaml").write_text(
        "budget: {flops: 91G, image_size: 640x400}\nscore: {resolution: 128}\nscorer: closed-form"
    )
    small = last_json(run("score", "maedet-m", "--preset", "small.yaml", "--json").stdout)
    assert small["flops"] == total_cost(ZOO["maedet-m"].structure, (400, 640)).flops
    again = last_json(
        run("score", "maedet-m", "--scorer", "closed-form", "--resolution", "128", "--json").stdout
    )
    assert again["entropy"] == small["entropy"] and again["flops"] > small["flops"]


def test_score_of_a_damo_yolo_asks_for_its_family(run, folder):
    (folder / "t.txt").write_text(damo("T"))
    result = run("score", "t.txt")
    assert result.exit_code == 1 and result.stderr.count("\n") == 1
    assert "--family res (T and S)" in result.stderr
    args = ("--family", "res", "--scorer", "closed-form", "--resolution", "64", "--json")
    found = last_json(run("score", "t.txt", *args).stdout)
    assert found["params"] == PARAMS["T"] and found["name"] == "t.txt#res"
    assert run("export", "t.txt", "--family", "res", "--format", "yaml").exit_code == 0
    again = last_json(run("score", "t.yaml", *args[2:]).stdout)
    assert again["score"] == found["score"] and again["params"] == PARAMS["T"]


def test_score_counts_flops_at_any_image_size(run):
    args = ("score", "maedet-m", "--image-size", "224x320")
    values = last_json(run(*args, "--json").stdout)
    assert values["flops"] == total_cost(ZOO["maedet-m"].structure, (320, 224)).flops
    assert "FLOPs at 224x320" in run(*args).stdout
    refused = run(*args[:-1], "huge")
    assert refused.exit_code == 2 and "--image-size: 'huge' is not an image size" in refused.stderr


def test_score_by_forward_passes_has_an_error_bar(run):
    result = run(
        "score", "initial", "--scorer", "forward", "--device", "cpu", "--repeats", "3",
        "--resolution", "64", "--json",
    )  # fmt: skip
    values = last_json(result.stdout)
    assert values["passes"] == 3 and values["method"] == "forward"
    assert 0 < values["score_error"] < values["score_std"]


@pytest.mark.nightly
def test_score_lists_all_proxies(run, folder):
    (folder / "small.yaml").write_text("budget: {flops: 91G}\nforward: {batch: 3}")
    args = ("score", "initial", "--preset", "small.yaml", "--resolution", "64", "--all-proxies")
    values = last_json(run(*args, "--json").stdout)
    assert list(values["proxies"]) == [*PROXIES, *GRADIENT_PROXIES]
    for name, proxy in values["proxies"].items():
        assert isfinite(proxy["score"]) and proxy["seconds"] > 0 and proxy["method"] == name
        assert proxy["score_std"] is None and "entropy" not in proxy
        if name in PROXIES:
            assert proxy["closed_form"] == pytest.approx(proxy["score"], rel=0.03)
        else:
            assert proxy["closed_form"] is None
    words = run(*args).stdout
    for name, proxy in values["proxies"].items():
        assert f"{name} {proxy['score']:,.2f}, by {name}, 1 pass" in words
        if name in PROXIES:
            assert f"{proxy['closed_form']:,.2f} in closed form" in words
    assert "proxies" not in last_json(run(*args[:-1], "--json").stdout)
    # one that there is no memory for is told in a sentence, and keeps back none of the others
    text = "budget: {flops: 91G}\nforward: {batch: 64, memory: 700M}"
    (folder / "small.yaml").write_text(text)
    values = last_json(run(*args, "--json").stdout)["proxies"]
    assert "set `forward.memory` to" in values["snip"]["error"] and values["synflow"]["score"] > 0
    assert "snip: none, snip of 64 images at resolution 64 needs" in run(*args).stdout


@pytest.mark.parametrize("name", ["zen-score", "synflow", "naswot"])
def test_a_proxy_s_preset_is_searched_in_closed_form(run, folder, name):
    found = last_json(run("search", name, "--iterations", "600", "--json", "--name", "one").stdout)
    assert found["state"] == "finished" and found["method"] == f"{name}-closed-form"
    values = last_json(run("score", "runs/one/best.yaml", "--preset", name, "--json").stdout)
    assert values["score"] == pytest.approx(found["score"]) and values["passes"] == 0
    assert values["flops"] == found["flops"] <= 91e9


@pytest.mark.parametrize("name", ["zen-score", "synflow", "naswot"])
def test_a_proxy_as_the_objective_of_a_search(run, folder, name):
    (folder / "proxy.yaml").write_text(
        "budget: {flops: 91G}\nscore: {resolution: 64}\nforward: {batch: 2, repeats: 2}\n"
        f"search: {{population: 4, iterations: 6, keep: 2}}\nscorer: {name}\n"
    )
    found = last_json(run("search", "proxy.yaml", "--json", "--name", "one").stdout)
    assert found["state"] == "finished" and found["method"] == name
    assert found["entropy"]["C5"] is None and found["score_std"] > 0
    saved = saved_yaml.loads((folder / "runs/one/best.yaml").read_text())
    assert saved.score.z == found["score"] and isnan(saved.score.entropies[4])
    scored = run("score", "runs/one/best.yaml", "--preset", "proxy.yaml")
    assert f"{name} {found['score']:,.2f} ±" in scored.stdout
    assert "Entropies" not in scored.stdout


def test_scorer_options_name_every_scorer(run):
    listed = run("score", "--help").stdout
    assert f"[{'|'.join(SCORERS)}]" in "".join(listed.split())


def test_repeats_of_the_closed_form_are_said_to_have_no_effect(run):
    result = run("score", "initial", "--scorer", "closed-form", "--repeats", "3", "--json")
    assert "no effect" in result.stderr
    assert last_json(result.stdout)["passes"] == 0


def test_score_in_words(run):
    output = run("score", "resnet-50", "--scorer", "closed-form").stdout
    for words in ("ResNet-50", "23.5M params", "at 1280x800", "C5", "MaxPool"):
        assert words in output


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["nobody"], 2, "not in the zoo"),
        (["nowhere/best.yaml"], 2, "no such file"),
        (["x" * 5000], 2, "not in the zoo"),
        ([""], 2, "not in the zoo"),
        (["."], 1, "folder"),
        (["evil.txt"], 1, "evil.txt: line 1"),
        (["evil.yaml"], 1, "tag"),
        (["junk.txt"], 1, "UTF-8"),
        (["quick.yaml"], 1, "structure"),
        (["maedet-m", "--resolution", "100"], 2, "--resolution: is 100"),
        (["maedet-m", "--resolution", "32"], 2, "write 64"),
        (["maedet-m", "--repeats", "0"], 2, "--repeats"),
        (["maedet-m", "--preset", "nobody"], 2, "nobody"),
        (["maedet-m", "--family", "csp"], 1, "leave it out"),
        ([], 2, "STRUCTURE"),
    ],
)
def test_score_of_what_cannot_be_scored(run, folder, args, code, words):
    (folder / "evil.txt").write_text("__import__('os').system('touch pwned')")
    (folder / "evil.yaml").write_text("structure: !!python/object/apply:os.mkdir ['pwned']")
    (folder / "junk.txt").write_bytes(bytes(range(256)))
    result = run("score", *args, "--json")
    assert result.exit_code == code and words in result.stderr
    assert result.stdout == "" and len(result.stderr) < 1000
    assert not (folder / "pwned").exists()


def test_score_on_absent_cuda(run, monkeypatch):
    monkeypatch.setattr("engine.scorers.factory.cuda_available", lambda: False)
    result = run("score", "maedet-m", "--device", "cuda", "--scorer", "forward")
    assert result.exit_code == 1 and "CUDA" in result.stderr


def test_zoo_lists_every_structure_with_costs_and_entropies(run):
    values = json.loads(run("zoo", "--json").stdout)
    assert list(values) == list(ZOO)
    for name, entry in values.items():
        assert entry["params"] == total_cost(ZOO[name].structure).params
        assert list(entry["entropy"]) == LEVELS
    table = run("zoo").stdout
    assert len(table.splitlines()) == 1 + len(ZOO)
    assert "89.9G" in table and "Table 12" in table


def test_presets_are_listed_shown_and_edited(run, folder):
    listed = run("presets").stdout
    rows = {line.split()[0]: line for line in listed.splitlines()}
    for name, known in (
        ("maedet-s", "ResNet-18 37.4G"), ("maedet-m", "ResNet-50 83.9G"),
        ("maedet-l", "ResNet-101 159.9G"), ("mobile-5g", "MobileNetV2 6.4G"),
    ):  # fmt: skip
        assert known in rows[name]
    assert not any(network in rows["mobile-1g"] for network in KNOWN)
    shown = run("presets", "show", "maedet-m").stdout
    assert "#" in shown and yaml.safe_load(shown)["budget"]["flops"] == "91G"
    (folder / "mine.yaml").write_text(shown.replace("91G  ", "80G  "))
    result = run("presets", "validate", "mine.yaml")
    assert result.exit_code == 0 and "valid" in result.stdout


def test_keys_of_presets_are_explained(run):
    result = run("presets", "keys", "search.compound")
    assert "from 0 to 0.9" in result.stdout and "local optima" in result.stdout
    assert "budget.flops_min " in run("presets", "keys").stdout
    result = run("presets", "keys", "budget.flopps")
    assert result.exit_code == 1 and "did you mean budget.flops?" in result.stderr
    assert "| `budget.flops` |" in run("presets", "keys", "--markdown").stdout


def test_validate_reports_every_problem_and_exits_1(run, folder):
    (folder / "bad.yaml").write_text("budget: {flops: 91G}\nscorer: fast\nsearch: {seed: -1}\n")
    result = run("presets", "validate", "bad.yaml")
    assert result.exit_code == 1
    assert "bad.yaml:2: scorer" in result.stderr and "bad.yaml:3: search.seed" in result.stderr
    assert "2 problems" in result.stderr
    assert run("presets", "validate", "nowhere.yaml").exit_code == 1
    assert run("presets", "validate", "maedet-s").exit_code == 0
    assert run("presets", "show", "nobody").exit_code == 2
