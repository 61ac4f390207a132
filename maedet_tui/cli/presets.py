"""`maedet-tui presets`: list, show, validate, explain, and new ones for any budget."""

from __future__ import annotations

import sys

import click

from engine.formats.rows import closest
from engine.messages import clipped
from maedet_tui import formatting, summary
from maedet_tui.cli.failure import FAILED, Failure
from maedet_tui.cli.output import failures
from maedet_tui.presets import advice
from maedet_tui.presets.doubts import doubts
from maedet_tui.presets.folder import free_name, refuse_taken, save, user_folder
from maedet_tui.presets.glance import HEADINGS, glance
from maedet_tui.presets.library import Entry, entries, further
from maedet_tui.presets.problems import PresetError, tally
from maedet_tui.presets.reading import load, read_source, shown_name
from maedet_tui.terminal import echo


@click.group(invoke_without_command=True)
@click.pass_context
def presets(context: click.Context) -> None:
    """List the presets, built in and your own; show one, or check a file.

    To make your own: `maedet-tui presets new --flops 3G`; `maedet-tui` and `e` on a preset;
    or `maedet-tui presets show maedet-m > mine.yaml`, edit it, and `maedet-tui search
    mine.yaml`. Files in the folder that MAEDET_PRESETS names (else in your configuration
    folder) can be named like built-in ones.
    """
    if context.invoked_subcommand is not None:
        return
    with failures():
        found = [*entries(), *further()]
    width = max(len(shown_name(entry.name)) for entry in found)
    flops, params, layers, latency, _, _, known = HEADINGS
    echo(
        f"{'name':{width}} {flops:>6} {params:>7} {layers:>6} {latency:>7}  {known:18}  description"
    )
    for entry in found:
        name = f"{shown_name(entry.name):{width}}"
        if entry.preset is None:
            echo(f"{name} {_broken(entry)}")
            continue
        flops, params, layers, latency, _, _, known = glance(entry.preset)
        costs = f"{flops:>6} {params:>7} {layers:>6} {latency:>7}  {known:18}"
        echo(f"{name} {costs}  {entry.preset.description}")
    if not all(entry.builtin for entry in found):
        echo(f"Your own presets are in {user_folder()}.")


def _broken(entry: Entry) -> str:
    more = tally(entry.problems) - 1
    # with the name before it, and how many more there are, it is to be a line of at most 300
    said = clipped(f"has a problem: {entry.problems[0]}", 230)
    return said + (f" (and {more:,} more)" if more else "")


@presets.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the preset NAME as it is written, ready to be edited."""
    with failures():
        text, _, _ = read_source(name)
    echo(text, nl=False)


@presets.command()
@click.argument("file")
def validate(file: str) -> None:
    """Check FILE (or a preset's name): exit 1 and every problem, if there is one."""
    try:
        preset = load(file)
    except PresetError as error:
        count = tally(error.problems)
        echo(str(error), err=True)
        raise Failure(f"{file} has {count:,} problem{'s' if count > 1 else ''}", FAILED) from None
    for doubt in doubts(preset, read_source(file)[0]):
        echo(f"Warning: {doubt}", err=True)
    echo(f"{file} is valid: {preset.description or preset.name}")


@presets.command()
@click.argument("key", required=False)
@click.option("--markdown", is_flag=True, help="Print all of them as a page.")
def keys(key: str | None, markdown: bool) -> None:
    """Say what KEY of a preset means and takes, such as budget.flops; or name all keys."""
    from maedet_tui.presets.keys import all_keys, facts, page

    known = all_keys()
    if markdown:
        echo(page(), nl=False)
    elif key is None:
        width = max(map(len, known))
        for name, found in known.items():
            echo(f"{name:{width}}  {found.meaning}")
    elif key in known:
        echo(f"{key}: {known[key].meaning}")
        for label, value in facts(known[key]):
            echo(f"  {label:8} {value}")
    else:
        raise Failure(f"{shown_name(key)}: is not a key of a preset; {closest(key, known)}")


@presets.command()
@click.option("--flops", metavar="B", help="Budget of FLOPs, such as 3G; asked for if left out.")
@click.option("--params", metavar="B", help="Budget of params, such as 2M.  [default: none]")
@click.option("--layers", type=int, metavar="N", help="Convolutions.  [default: by FLOPs]")
@click.option(
    "--image-size",
    default="1280x800",
    show_default=True,
    metavar="WxH",
    help="Image at which FLOPs are counted.",
)
@click.option(
    "--like",
    metavar="SPACE",
    help="resnet, mobile, or a preset whose blocks and score are taken.  [default: by FLOPs]",
)
@click.option("--name", help="What the preset is called.  [default: after space and FLOPs]")
def new(
    flops: str | None,
    params: str | None,
    layers: int | None,
    image_size: str,
    like: str | None,
    name: str | None,
) -> None:
    """Write a preset for a budget: every other number follows by a rule.

    It is saved among your presets. What each number comes from, the budgets that make sense
    and the structure that a short search finds are printed.
    """
    # what only this needs
    from maedet_tui.presets import new as fresh
    from maedet_tui.presets import trial

    if flops is None:
        if not sys.stdin.isatty():
            raise Failure("name a budget: --flops 3G")
        flops = click.prompt("FLOPs, such as 3G")
        image_size = click.prompt("Image size", default=image_size)
    with failures():
        wishes = fresh.parsed(flops, params, layers, image_size, like)
        proposal = fresh.proposed(wishes, name)
        name = name or free_name(fresh.name_of(wishes, proposal.preset))
        refuse_taken(name)
        best = trial.found(proposal.preset)
        path = save(name, proposal.text)
    wide = [max(len(row[column]) for row in proposal.reasons) for column in range(2)]
    low, high = map(formatting.quantity, proposal.range)
    size = formatting.image_size(wishes.image_size)
    said = advice.of_structure(best.structure, proposal.preset)
    lines = [
        *(f"{key:{wide[0]}}  {value:{wide[1]}}  {why}" for key, value, why in proposal.reasons),
        f"FLOPs that make sense with these layers at {size}: {low} to {high}",
        "",
        f"A short search finds {summary.value(best.score)}, {summary.costs(best.cost)}:",
        summary.table(best.structure),
        *(f"Advice: {sentence}." for sentence in said),
        "",
        f"Saved: {path}",
        f"Search with it: maedet-tui search {name}",
    ]
    echo("\n".join(lines))
