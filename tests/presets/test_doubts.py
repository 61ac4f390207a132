"""`population: auto` in a preset's file, and warnings of what may not be meant."""

from dataclasses import replace

from click.testing import CliRunner

from maedet_tui.cli import cli
from maedet_tui.presets import load
from maedet_tui.presets.doubts import doubts
from maedet_tui.presets.examined import examined
from maedet_tui.presets.reading import parse
from maedet_tui.presets.write import dump
from maedet_tui.store.begin import settled

SHORT = "budget: {flops: 91G}\nsearch:\n  iterations: 6000\n  trade: 0.3\n"


def test_auto_reads_back_and_a_run_keeps_the_number_that_it_became():
    preset = parse(SHORT + "  population: auto\n")
    assert preset.schedule.population == "auto" and preset.schedule.capacity == 12
    assert parse(dump(preset)).schedule == preset.schedule
    kept = parse(dump(settled(preset))).schedule
    assert (kept.population, kept.balance) == (12, True)
    assert settled(load("maedet-m")) == load("maedet-m")


def test_a_population_too_large_for_t_is_a_warning_with_its_line():
    found = examined(SHORT + "  population: 256\n", "mine.yaml", "mine", None)
    assert not found.problems
    (warning,) = found.warnings
    assert (warning.line, warning.key) == (5, "search.population")
    assert "6,000 iterations" in warning.message and "auto, which is 12" in warning.message
    assert not examined(SHORT + "  population: auto\n", "mine.yaml", "mine", None).warnings
    assert not examined(SHORT + "  population: 1\n", "mine.yaml", "mine", None).warnings


def test_no_shipped_preset_is_doubtful_and_small_populations_are_not():
    preset = load("maedet-m")
    assert not doubts(preset)
    few = replace(preset, schedule=replace(preset.schedule, iterations=300, population=8, keep=4))
    assert not doubts(few)


def test_validate_warns_and_passes(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(SHORT)
    result = CliRunner().invoke(cli, ["presets", "validate", str(file)])
    assert result.exit_code == 0 and "is valid" in result.output
    assert "Warning:" in result.output and "search.population: is 256" in result.output


def test_a_headless_search_warns_first(tmp_path):
    (tmp_path / "mine.yaml").write_text(SHORT + "audit: false\nbound: false\n")
    arguments = ["search", str(tmp_path / "mine.yaml"), "--iterations", "60", "--headless"]
    arguments += ["--runs-dir"]
    result = CliRunner().invoke(cli, [*arguments, str(tmp_path)])
    assert result.output.startswith("Warning: search.population: is 256")
    result = CliRunner().invoke(cli, [*arguments, str(tmp_path), "--population", "auto", "--json"])
    assert result.exit_code == 0 and "Warning" not in result.output
