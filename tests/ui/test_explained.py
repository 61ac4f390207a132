"""Every key of every screen has a line in the help and an entry in the command palette."""

from textual.binding import Binding

from maedet_tui.screens.help import help_lines


def own(node):
    """The keys, and their actions, that classes of this program bind for a screen or a widget."""
    for kind in type(node).__mro__:
        if kind.__module__.startswith("maedet_tui"):
            for binding in Binding.make_bindings(vars(kind).get("BINDINGS", ())):
                yield binding.key, binding.action


def explained(w, least):
    """Hold the keys that work now against what is said of them."""
    screen = w.app.screen
    sentences = {more for _, _, more in help_lines(screen)}
    entries = {command.title for command in w.app.get_system_commands(screen)}
    bound = 0
    for active in screen.active_bindings.values():
        binding = active.binding
        if (binding.key, binding.action) in own(active.node):
            bound += 1
            assert binding.description and binding.tooltip in sentences, binding
            assert binding.description in entries or not active.enabled, binding
    assert bound >= least, screen


async def test_every_key_is_in_the_help_and_in_the_command_palette(home):
    async with home((140, 44)) as w:
        explained(w, 8)  # home, in the presets
        for keys, seen, least in (
            (("tab",), "Presets", 6),  # and in the runs
            (("tab", "e"), "valid", 8),  # the editor
            (("escape", "c"), "Copy maedet-s to:", 1),
            (("escape", "enter"), "The search finished", 15),  # the dashboard
            (("v",), "Follows the best", 8),
            (("S",), "structure-info", 2),  # the dialog that saves
            (("tab", "tab"), "structure-info", 3),
            (("escape", "b", "down", "space", "down", "space"), "2 marked", 6),
            (("c",), "2,283.67", 6),
        ):
            await w.press(*keys)
            await w.sees(seen)
            explained(w, least)
