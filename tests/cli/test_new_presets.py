"""`maedet-tui presets new`, and advice where results are printed."""

from tests.cli.conftest import QUICK, last_json


def test_a_new_preset_is_explained_saved_and_searched_by_its_name(run, own_presets):
    made = run("presets", "new", "--flops", "3G", "--like", "resnet", "--name", "mine")
    assert made.exit_code == 0
    for words in (
        "budget.layers         ", "the authors' limits", "FLOPs that make sense with these layers",
        "A short search finds Z", "Search with it: maedet-tui search mine",
    ):  # fmt: skip
        assert words in made.stdout
    assert "Advice" not in made.stdout
    assert (own_presets / "mine.yaml").read_text().startswith("# 3G FLOPs at 1280x800")
    assert run("presets", "validate", "mine").stdout.startswith("mine is valid: 3G FLOPs")
    taken = run("presets", "new", "--flops", "3G", "--name", "mine")
    assert taken.exit_code and "is a preset of yours already" in taken.output


def test_a_name_is_made_where_none_is_given(run, own_presets):
    for name in ("mobile-201m-320x320", "mobile-201m-320x320-2"):
        assert run("presets", "new", "--flops", "201M", "--image-size", "320x320").exit_code == 0
        assert (own_presets / f"{name}.yaml").exists()


def test_a_budget_that_makes_no_sense(run, own_presets):
    for arguments, said in (
        (("--flops", "3K"), "are too few for 25 layers"),
        (("--flops", "many"), "is not a quantity"),
        (("--flops", "3G", "--image-size", "big"), "is not an image size"),
        ((), "name a budget: --flops 3G"),
    ):
        wrong = run("presets", "new", *arguments)
        assert wrong.exit_code and said in wrong.output
    assert list(own_presets.iterdir()) == []


def test_advice_on_presets_and_results(run, folder):
    (folder / "small.yaml").write_text(
        QUICK.replace("91G, layers: 91", "3G, layers: 37") + "initial: auto\n"
    )
    checked = run("presets", "validate", "small.yaml").output
    assert "space.stage_depths: allow 10 blocks in a stage of 12 in all" in checked
    searched = run("search", "small.yaml", "--headless").stdout
    assert "Advice: " in searched
    told = last_json(run("search", "small.yaml", "--headless", "--json").stdout)["advice"]
    assert [f"Advice: {sentence}." in searched for sentence in told] == [True] * len(told) != []
    assert "Advice: " in run("score", "initial", "--preset", "small.yaml").stdout
    assert last_json(run("score", "initial", "--preset", "small.yaml", "--json").stdout)["advice"]
    assert "Advice: " not in run("score", "initial").stdout
