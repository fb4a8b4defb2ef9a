"""Which loads the models read: the gate between ingest and them, as data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import pyarrow as pa

from event_assets.ingest.arrow import arrow, parquet
from event_assets.ingest.loads import (
    LoadRecord,
    are_compacted_since,
    highest_generations,
    outgrown_loads,
    read_records,
)
from event_assets.plan.history import KeptPlan, history_tables, is_verdict_document
from event_assets.plan.model import Plan
from event_assets.settings import Settings
from event_assets.storage import make_folder, write_whole

_TEXT, _COUNT = pa.string(), pa.int64()

LOADS = pa.schema(
    [
        ("load_key", _TEXT),
        ("load_id", _TEXT),
        ("generation", pa.int32()),
        ("source", _TEXT),
        ("kind", _TEXT),
        ("landing_date", pa.date32()),
        ("file", _TEXT),
        ("bytes", _COUNT),
        ("lines", _COUNT),
        ("blank", _COUNT),
        ("unreadable", _COUNT),
        ("records", _COUNT),
        ("candidates", _COUNT),
        ("quarantined", _COUNT),
        ("erased", _COUNT),
        ("flagged", _COUNT),
        ("violation_share", pa.float64()),
        ("is_admitted", pa.bool_()),
        ("refusal", _TEXT),
        ("plan_hash", _TEXT),
        ("plan_version", _COUNT),
        ("loaded_at", pa.timestamp("us")),
        ("event_parts", _TEXT),
        ("quarantine_parts", _TEXT),
        ("ad_report_parts", _TEXT),
    ]
)
AS_OF = pa.schema([("as_of", pa.date32())])


class DayShare(NamedTuple):
    """How much of a source and day breaks the plan."""

    source: str
    landing_date: date
    records: int
    violating: int
    unplanned: int

    @property
    def violation_share(self) -> float:
        """The share of records that break the plan, from 0 to 1; accepted noise does not."""
        return self.violating / self.records if self.records else 0.0

    @property
    def unplanned_share(self) -> float:
        """The share of records whose event the plan does not know."""
        return self.unplanned / self.records if self.records else 0.0


def day_shares(records: Iterable[LoadRecord]) -> dict[tuple[str, date], DayShare]:
    """The shares of each source and landing date, over the newest version of each file.

    So a log that was mended counts as it is now; what was accepted of it before stays accepted.
    """
    shares: dict[tuple[str, date], DayShare] = {}
    counting = highest_generations(records)
    newest = _newest_revisions(counting)
    outgrown = outgrown_loads(counting)
    for each in counting:
        if each.revision < newest[(each.source, each.file)] or each.load_key in outgrown:
            continue
        day = (each.source, each.landing_date)
        _, _, total, violating, unplanned = shares.get(day) or DayShare(*day, 0, 0, 0)
        shares[day] = DayShare(
            *day,
            total + each.records,
            violating + each.violating,
            unplanned + each.unplanned,
        )
    return shares


def default_as_of(records: Iterable[LoadRecord]) -> date | None:
    """The day whose midnight (UTC) follows the latest landing date; None for an empty lake."""
    latest = max((each.landing_date for each in records), default=None)
    return None if latest is None else latest + timedelta(days=1)


def admission(
    records: Sequence[LoadRecord], settings: Settings, plan: Plan, as_of: date | None = None
) -> pa.Table:
    """Each load with whether the models read it, and why not; columns as in LOADS.

    `as_of` (midnight UTC of that day) leaves out what landed on it and after.
    """
    counting = highest_generations(records)
    shares = day_shares(counting)
    replaced = replaced_loads(counting)
    accepted = {(day.source, day.date) for day in plan.accepted_days}
    until = as_of or default_as_of(counting)
    configured = {source.name for source in settings.config.sources}
    limit = plan.checks.violations.error
    share_of = [
        shares[day].violation_share if (day := (each.source, each.landing_date)) in shares else 0.0
        for each in counting
    ]
    refusals: list[str | None] = []
    for each, share in zip(counting, share_of, strict=True):
        refusal = None
        if each.account_errors():
            refusal = "account does not add up"
        elif each.source not in configured:
            refusal = "its source is not in sources.yaml"
        elif until is not None and each.landing_date >= until:
            refusal = "after as_of"
        elif each.load_key in replaced:
            refusal = replaced[each.load_key]
        elif share > limit and (each.source, each.landing_date) not in accepted:
            refusal = f"violations {share:.1%} > {limit:.1%}".replace("%", " %")
        refusals.append(refusal)
    told: dict[str, Sequence[Any]] = {
        "violation_share": share_of,
        "is_admitted": [refusal is None for refusal in refusals],
        "refusal": refusals,
        "loaded_at": [_utc(each.loaded_at) for each in counting],
        **_part_columns(counting, settings),
    }
    fields: list[Any] = list(LOADS)
    columns = [
        arrow.array(
            told[each.name] if each.name in told else list(map(attrgetter(each.name), counting)),
            each.type,
        )
        for each in fields
    ]
    return arrow.Table.from_arrays(columns, schema=LOADS)


def write_admission(
    records: Sequence[LoadRecord], settings: Settings, plan: Plan, as_of: date | None = None
) -> pa.Table:
    """Write what `admission` gives, for the models.

    Beside it: the violations by load, as_of, and what the versions of the plan held that judged.
    """
    counting = highest_generations(records)
    loads = admission(counting, settings, plan, as_of)
    _write(settings, "loads", loads)
    stands_for_now = [{"as_of": as_of or default_as_of(counting)}]
    _write(settings, "as_of", pa.Table.from_pylist(stands_for_now, schema=AS_OF))
    for name, table in history_tables(kept_plans(counting, settings, plan)).items():
        _write(settings, name, table)
    if are_compacted_since(settings.loads_dir, records):
        refresh_parts(settings)
    return loads


def refresh_parts(settings: Settings) -> None:
    """Say in what `write_admission` wrote where the parts are now; they move in a compaction."""
    path = settings.plan_tables_dir / "loads.parquet"
    if not path.is_file():
        return
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    known = {each.load_key: each for each in read_records(settings.loads_dir)}
    listed = [row for row in rows if row["load_key"] in known]
    columns = _part_columns((known[row["load_key"]] for row in listed), settings)
    for name, told in columns.items():
        for row, parts in zip(listed, told, strict=True):
            row[name] = parts
    _write(settings, "loads", pa.Table.from_pylist(rows, schema=LOADS))


def listed_parts(settings: Settings) -> set[str]:
    """The parts that the models read, or would if they were built now."""
    path = settings.plan_tables_dir / "loads.parquet"
    if not path.is_file():
        return set()
    columns = ["event_parts", "quarantine_parts", "ad_report_parts"]
    rows: list[dict[str, str]] = parquet.read_table(path, columns=columns).to_pylist()
    return {part for row in rows for column in columns for part in json.loads(row[column])}


def kept_plans(records: Iterable[LoadRecord], settings: Settings, plan: Plan) -> Iterator[KeptPlan]:
    """The current plan, and of each other version the last document that judged and is still kept.

    A version whose documents are missing or damaged is left out.
    """
    yield KeptPlan(plan.version, plan.verdict_hash, plan.verdict_document(), is_current=True)
    judged: dict[int, dict[str, str]] = {}
    for each in records:
        if each.plan_version != plan.version:
            last = judged.setdefault(each.plan_version, {})
            last[each.plan_hash] = max(last.get(each.plan_hash, ""), each.loaded_at)
    for version, last in judged.items():
        for plan_hash in sorted(last, key=lambda each: (last[each], each), reverse=True):
            document = _kept_document(settings, plan_hash)
            if document is not None:
                yield KeptPlan(version, plan_hash, document)
                break


def _kept_document(settings: Settings, plan_hash: str) -> dict[str, Any] | None:
    try:
        document = json.loads((settings.plans_dir / f"{plan_hash}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return document if is_verdict_document(document) else None


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _part_columns(records: Iterable[LoadRecord], settings: Settings) -> dict[str, Sequence[str]]:
    lake = str(settings.lake)

    @cache  # after a compaction the loads of a day share their parts
    def absolute(names: tuple[str, ...]) -> str:
        return json.dumps([f"{lake}/{name}" for name in names])

    listed = list(records)
    return {
        "event_parts": [absolute(each.event_parts) for each in listed],
        "quarantine_parts": [absolute(each.quarantine_parts) for each in listed],
        "ad_report_parts": [absolute(each.ad_report_parts) for each in listed],
    }


def _newest_revisions(records: Iterable[LoadRecord]) -> dict[tuple[str, str], int]:
    newest: dict[tuple[str, str], int] = {}
    for each in records:
        file = (each.source, each.file)
        newest[file] = max(newest.get(file, 0), each.revision)
    return newest


def replaced_loads(records: Sequence[LoadRecord]) -> dict[str, str]:
    """Why some loads do not count any more, by their keys.

    Of an ad report the newest version counts alone, of a log the newest that was judged on request,
    and of the loads that begin at the same byte the longest: the others had but a piece of a line.
    """
    newest = _newest_revisions(records)
    asked = _newest_revisions(each for each in records if each.replaces_earlier)
    replaced = {
        each.load_key: "replaced by a later version of the file"
        for each in records
        if each.revision
        < (newest if each.kind == "ad_report" else asked).get((each.source, each.file), 0)
    }
    outgrown = dict.fromkeys(outgrown_loads(records), "read again with the rest of its last line")
    return {**outgrown, **replaced}


def _write(settings: Settings, name: str, table: pa.Table) -> None:
    make_folder(settings.plan_tables_dir)
    sink = arrow.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd", store_schema=False)
    content = sink.getvalue().to_pybytes()
    path = settings.plan_tables_dir / f"{name}.parquet"
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content)
