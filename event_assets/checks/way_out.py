"""What of quarantine would pass now, after the plan or the mapping was mended, and how to let it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import dagster as dg

from event_assets.checks.days import SourceDay, recent_days
from event_assets.checks.markdown import shown_table
from event_assets.checks.violations import Verdict
from event_assets.ingest.second_look import LookedDay, commands_for, told
from event_assets.plan.model import Plan

WAY_OUT_CHECK = "quarantine_way_out"


def way_out_check_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of one source; it warns."""
    return dg.AssetCheckSpec(
        WAY_OUT_CHECK,
        asset=asset,
        description=(
            "Records stay in quarantine as the plan and the mapping of their day judged them. Where "
            "these were mended, the records are judged again on trial: those that would pass now "
            "are let through, each once, when their days are materialized again."
        ),
    )


def check_way_out(
    asset: dg.AssetKey,
    looked: Sequence[LookedDay],
    days: Sequence[date],
    refused: Collection[date] = (),
) -> dg.AssetCheckResult:
    """Say which of one source's `days` have records that would pass.

    `refused` are days that are not in the marts because of records that were accepted with
    violations, by an earlier plan: what they would be now only judging them anew can tell.
    """
    recent = set(recent_days(days))
    mended = {each.day for each in looked if each.would_pass}
    worth = sorted(mended | set(refused))
    passed = not recent.intersection(worth)
    commands = commands_for(worth, days)
    metadata: dict[str, dg.MetadataValue] = {
        "judged otherwise": dg.MetadataValue.int(sum(each.quarantined for each in looked)),
        "would now pass": dg.MetadataValue.int(sum(each.would_pass for each in looked)),
        "can't be told": dg.MetadataValue.int(sum(each.unknown for each in looked)),
    }
    if looked:
        metadata["by day"] = _table(looked)
    if commands:
        metadata["let them through"] = dg.MetadataValue.md(_how(asset, commands))
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=WAY_OUT_CHECK,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=_message(looked, sorted(refused), commands),
        metadata=metadata,
    )


def refused_by_another_plan(
    days: Iterable[SourceDay], verdicts: Mapping[date, Verdict], plan: Plan
) -> set[date]:
    """Days out of the marts of which another plan accepted records as violating it."""
    error = plan.checks.violations.error
    current = plan.verdict_hash
    return {
        day.day
        for day in days
        if day.day in verdicts
        and verdicts[day.day].is_over(error)
        and any(x.flagged > x.noise and x.plan_hash != current for x in day.loads)
    }


def _message(looked: Sequence[LookedDay], refused: Sequence[date], commands: Sequence[str]) -> str:
    parts = [told(looked)]
    if refused:
        more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
        parts.append(f"{refused[0]}{more} not in the marts by an earlier plan's verdict")
    message = "; ".join(parts)
    if commands:
        more = f" (and {len(commands) - 1} more, listed in the check)" if len(commands) > 1 else ""
        message += f": `{commands[0]}`{more}"
    return message


def _table(looked: Iterable[LookedDay]) -> dg.TableMetadataValue:
    return shown_table(
        ["landing day", "judged otherwise", "looked at", "would now pass", "can't be told"],
        [
            (
                each.day,
                each.quarantined,
                each.looked_at,
                f"at least {each.would_pass:,}" if each.is_cut else each.would_pass,
                each.unknown,
            )
            for each in sorted(looked, key=lambda each: (-each.would_pass, each.day))
        ],
    )


def _how(asset: dg.AssetKey, commands: Sequence[str]) -> str:
    spans = [command.rpartition(" ")[2] for command in commands]
    listed = "\n".join(commands)
    return (
        f"```\n{listed}\n```\n\nOr here: *Materialize* `{asset.to_user_string()}` with everything "
        f"below it, partitions {', '.join(spans)}. The raw files are read again; doing it twice "
        "changes nothing."
    )
