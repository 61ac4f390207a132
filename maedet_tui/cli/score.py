"""`maedet-tui score`: costs and entropies of one structure."""

from __future__ import annotations

import click

from maedet_tui.cli.output import failures, load_preset, print_json, score_values, scorer_options


@click.command()
@click.argument("structure")
@click.option(
    "--preset",
    default="maedet-m",
    show_default=True,
    help="Preset whose image size, score settings and scorer are used.",
)
@scorer_options
@click.option(
    "--repeats",
    type=int,
    metavar="R",
    help="Forward passes, for a standard error; the closed form makes none.",
)
@click.option("--resolution", type=int, metavar="R", help="Side of the entropy's input image.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def score(
    structure: str,
    preset: str,
    scorer: str | None,
    device: str | None,
    repeats: int | None,
    resolution: int | None,
    as_json: bool,
) -> None:
    """Params, FLOPs, layers and entropies of STRUCTURE.

    STRUCTURE is a name from `maedet-tui zoo`, a saved YAML file, or a text file in
    the authors' structure_info format.
    """
    from engine.costs import total_cost
    from engine.scorers.factory import make_scorer
    from maedet_tui.files import read_structure

    with failures():
        title, found = read_structure(structure)
        chosen = load_preset(
            preset,
            {
                "--scorer": ("scorer", scorer),
                "--device": ("device", device),
                "--repeats": ("forward.repeats", repeats),
                "--resolution": ("score.resolution", resolution),
            },
        )
        cost = total_cost(found, chosen.budget.image_size)
        judge = make_scorer(chosen.scorer, chosen.device, chosen.objective, chosen.forward)
        (result,) = judge.score([found])
    for notice in judge.notices:
        click.echo(notice, err=True)
    if repeats is not None and result.method == "closed-form":
        click.echo(
            "The closed form is exact and makes no passes: --repeats has no effect.", err=True
        )
    if as_json:
        print_json({**cost._asdict(), **score_values(result), "name": title})
        return
    from engine.structure import LEVELS
    from maedet_tui import formatting, report

    size = formatting.image_size(chosen.budget.image_size)
    error = f" ± {result.z_error:.2f}" if result.passes else ""
    entropies = zip(LEVELS, result.entropies, strict=True)
    click.echo(
        f"{title}: {formatting.quantity(cost.params)} params, "
        f"{formatting.quantity(cost.flops)} FLOPs at {size}, {cost.layers} layers\n"
        f"Z {formatting.score(result.z)}{error} "
        f"(one forward pass scatters by {result.z_std:.2f}), by {result.detail}\n"
        f"Entropies: {', '.join(f'{level} {entropy:.2f}' for level, entropy in entropies)}\n\n"
        f"{report.table(found)}"
    )
