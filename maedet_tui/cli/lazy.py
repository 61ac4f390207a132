"""A group of commands that are imported when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

#: characters that Click puts around a message: "Error: ", and the option that it is about
_AROUND = 60


class LazyGroup(click.Group):
    """A group that knows its commands by name, as Click's documentation proposes.

    lazy: name of a command -> ("module:attribute", first sentence of its help). Help and
    completion are written from the sentences, so that they import no command.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **options: Any):
        super().__init__(*args, **options)
        self._places = {name: place for name, (place, _) in lazy.items()}
        self._listed = click.Group(
            commands=[click.Command(name, help=sentence) for name, (_, sentence) in lazy.items()]
        )
        # a misspelt name is compared with these
        self.commands.update(self._listed.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name in self._places:
            module, attribute = self._places[cmd_name].split(":")
            self.commands[cmd_name] = getattr(import_module(module), attribute)
        return super().get_command(ctx, cmd_name)

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """The context of the command line; what is wrong with it is told in short lines."""
        with _in_short_lines():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; how it fails is told in short lines."""
        with _in_short_lines():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help."""
        self._listed.format_commands(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What a shell proposes for the beginning of a word."""
        return [
            CompletionItem(name, help=command.get_short_help_str())
            for name, command in sorted(self._listed.commands.items())
            if name.startswith(incomplete)
        ] + click.Command.shell_complete(self, ctx, incomplete)


class StartingGroup(click.Group):
    """A group whose command `start` may be left out: the first word is then its argument."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in that was left out."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["start", *args]
        return super().parse_args(ctx, args)


@contextmanager
def _in_short_lines() -> Iterator[None]:
    """Cut lines of a message that are too long, such as those that quote a whole argument."""
    try:
        yield
    except click.ClickException as error:
        from engine.messages import LONGEST, clipped  # --help and --version do without

        short = clipped(error.message, LONGEST - _AROUND)
        error.message = short  # type: ignore[misc] # final, but only printed later
        raise
