"""The group of commands that are imported when they are asked for."""

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from maedet_tui.cli import cli
from maedet_tui.cli.lazy import LazyGroup
from maedet_tui.cli.main import COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_says_what_the_command_says_of_itself(name):
    command = cli.get_command(click.Context(cli), name)
    assert command.name == name and not command.hidden
    listed = click.Command(name, help=COMMANDS[name][1])
    for width in range(20, 120):
        assert listed.get_short_help_str(width) == command.get_short_help_str(width)


def test_every_command_is_listed():
    assert cli.list_commands(click.Context(cli)) == sorted(COMMANDS)
    text = CliRunner().invoke(cli, ["--help"]).output
    listed = [line.split()[0] for line in text[text.index("Commands:") :].splitlines()[1:]]
    assert listed == sorted(COMMANDS)


@pytest.fixture
def group():
    """A group whose one command cannot be imported."""
    return LazyGroup("main", lazy={"search": ("no_such_module:search", "Search.")})


def test_neither_help_nor_completion_nor_a_wrong_name_imports_a_command(group):
    run = CliRunner().invoke
    assert "search  Search." in run(group, ["--help"]).output
    proposed = ShellComplete(group, {}, "main", "_X").get_completions([], "s")
    assert [(item.value, item.help) for item in proposed] == [("search", "Search.")]
    wrong = run(group, ["serch"])
    assert wrong.exit_code == 2 and "Did you mean 'search'?" in wrong.output
    assert isinstance(run(group, ["search"]).exception, ModuleNotFoundError)


def test_options_of_a_command_are_completed():
    proposed = ShellComplete(cli, {}, "maedet-tui", "_X").get_completions(["search"], "--head")
    assert [item.value for item in proposed] == ["--headless"]
