"""`event-assets channels …`: what channel a landing gets, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from event_assets.command_options import JsonOption, PlanOption

if TYPE_CHECKING:
    from event_assets.channels.explaining import Explanation

channels_app = typer.Typer(
    name="channels",
    help="See which channel a visit gets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_ABSOLUTE = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://[^/?#]")


@channels_app.callback()
def _channels() -> None:
    """Keep `explain` a command of its own."""


@channels_app.command("explain")
def explain_command(
    url: Annotated[str, typer.Argument(metavar="URL", help="The page that was landed on, whole.")],
    referrer: Annotated[
        str | None,
        typer.Option("--referrer", metavar="URL", help="The page or app before it, as sent."),
    ] = None,
    plan: PlanOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what channel a landing gets, which rule gives it, and by what.

    The models' own SQL answers, over the lists of the package and of your channels.yaml.
    """
    if not _ABSOLUTE.match(url):
        raise typer.BadParameter(
            f"`{url}` is no whole URL; write it as https://shop.example.com/?…"
        )
    from event_assets.channels.explaining import explain
    from event_assets.channels.judging import Landing
    from event_assets.dbt_manifest import dbt_project_dir
    from event_assets.settings import Settings

    settings = Settings.from_environment(plan_dir=plan)
    explanation = explain(Landing(url, referrer), settings, dbt_project_dir())
    if as_json:
        print(json.dumps(explanation.as_json(), indent=1))
    else:
        _print(explanation)


def _print(explanation: Explanation) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, text in _rows(explanation):
        table.add_row(Text(name, style="dim"), Text(text))
    console = Console(highlight=False, width=None if Console().is_terminal else 140)
    console.print(Text(explanation.facts["channel"], style="bold"))
    console.print(table)


def _rows(explanation: Explanation) -> Iterator[tuple[str, str]]:
    facts = explanation.facts
    yield "rule", f"{facts['channel_rule']} ({explanation.rule_place})"
    conditions = ", ".join(f"{key}: {value}" for key, value in explanation.conditions.items())
    yield "it asks for", conditions or "nothing: it takes what no other rule took"
    yield "decided by", facts["channel_field"]
    for name in ("utm_source", "utm_medium", "utm_campaign", "utm_id"):
        if facts[name] is not None:
            yield name, facts[name]
    if facts["click_id_type"] is not None:
        yield "click id", facts["click_id_type"]
    if facts["raw_referrer_host"] is not None:
        is_own = facts["referrer_host"] is None
        yield "referrer", facts["raw_referrer_host"] + (", a domain of your own" if is_own else "")
    yield "kind of site", _site(explanation)
    field = facts["paid_field"]
    yield "paid", f"yes, by {field}" if facts["is_paid"] else "no"
    if facts["platform"] is not None:
        yield "ad platform", facts["platform"]


def _site(explanation: Explanation) -> str:
    facts = explanation.facts
    if explanation.site_place is None:
        return facts["site_kind"]
    entry, field = facts["site_entry"], facts["site_field"]
    return f"{facts['site_kind']}, by {field} through `{entry}` ({explanation.site_place})"
