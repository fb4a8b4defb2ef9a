"""What a run did, out of Dagster's events: for people as lines, for machines as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import dagster as dg
from dagster import DagsterEvent

from event_assets.assets.keys import ANALYTICS, MODELS_OP, lake_key
from event_assets.assets.models import NEW_ROWS
from event_assets.errors import ConfigurationError, DiskError, StorageError

OK, FAILED, MISCONFIGURED = 0, 1, 2
_ROW_COUNT = "dagster/row_count"
_OWN = {each.__name__ for each in (ConfigurationError, StorageError, DiskError)}


@dataclass(frozen=True)
class IngestedDay:
    """A source's day with new loads: its figures after them."""

    source: str
    day: str
    files: int
    records: int
    accepted: int
    quarantined: int


@dataclass(frozen=True)
class TableLine:
    """A table of the warehouse: its rows, and how many more they are than before."""

    schema: str
    table: str
    rows: int
    new_rows: int


@dataclass(frozen=True)
class CheckLine:
    """A check: what it is on, whether it passed, what a failure means, and the figures it shows."""

    asset: str
    check: str
    passed: bool
    severity: str
    blocking: bool
    message: str
    figures: dict[str, float]

    @property
    def fails_run(self) -> bool:
        """Whether the run ends with 1 because of it."""
        return not self.passed and self.severity == "ERROR"


@dataclass(frozen=True)
class RunReport:
    """A run from raw logs to published tables; stages are in seconds."""

    run_id: str
    exit_code: int
    published: str
    ingested: tuple[IngestedDay, ...]
    tables: tuple[TableLine, ...]
    checks: tuple[CheckLine, ...]
    problems: tuple[str, ...]
    stages: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self)


def run_report(
    result: dg.ExecuteInProcessResult, sources: Sequence[str], stages: dict[str, float]
) -> RunReport:
    """Read the report from the events of a run."""
    events = result.all_events
    checks = tuple(sorted(_checks(events), key=lambda line: (line.asset, line.check)))
    problems, is_configuration = _problems(events)
    if not result.success:
        exit_code = MISCONFIGURED if is_configuration else FAILED
    else:
        exit_code = FAILED if any(check.fails_run for check in checks) else OK
    return RunReport(
        result.run_id,
        exit_code,
        _published(events),
        tuple(_ingested(events, {lake_key(source): source for source in sources})),
        tuple(sorted(_tables(events), key=lambda line: (line.schema, line.table))),
        checks,
        tuple(problems),
        {**stages, **_step_seconds(events)},
    )


def _materializations(
    events: Iterable[DagsterEvent],
) -> Iterable[tuple[str | None, dg.AssetMaterialization]]:
    for event in events:
        if event.is_step_materialization:
            yield event.step_key, event.step_materialization_data.materialization


def _ingested(
    events: Iterable[DagsterEvent], sources: dict[dg.AssetKey, str]
) -> Iterable[IngestedDay]:
    for _, made in _materializations(events):
        if made.asset_key in sources and made.partition is not None:
            yield IngestedDay(
                sources[made.asset_key],
                made.partition,
                *(_number(made, name) for name in ("files", "records", "accepted", "quarantined")),
            )


def _tables(events: Iterable[DagsterEvent]) -> Iterable[TableLine]:
    for step, made in _materializations(events):
        if step == MODELS_OP and _ROW_COUNT in made.metadata:
            schema, table = made.asset_key.path[-2:]
            yield TableLine(schema, table, _number(made, _ROW_COUNT), _number(made, NEW_ROWS))


def _published(events: Iterable[DagsterEvent]) -> str:
    for _, made in _materializations(events):
        if made.asset_key == ANALYTICS:
            return "changed" if made.metadata["changed"].value else "unchanged"
    return "no"


def _number(made: dg.AssetMaterialization, name: str) -> int:
    value = made.metadata[name].value if name in made.metadata else 0
    return value if isinstance(value, int) else 0


def _checks(events: Iterable[DagsterEvent]) -> Iterable[CheckLine]:
    for event in events:
        if event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        done = event.asset_check_evaluation_data
        yield CheckLine(
            done.asset_key.to_user_string(),
            done.check_name,
            done.passed,
            done.severity.value,
            bool(done.blocking),
            done.description or "",
            {
                name: each.value
                for name, each in done.metadata.items()
                if isinstance(each, dg.IntMetadataValue | dg.FloatMetadataValue)
                and each.value is not None
            },
        )


def _problems(events: Iterable[DagsterEvent]) -> tuple[list[str], bool]:
    """What failed, each once, and whether it is a mistake in the user's configuration."""
    problems: list[str] = []
    is_configuration = False
    for event in events:
        if not event.is_step_failure:
            continue
        failure = event.step_failure_data
        told = failure.user_failure_data.description if failure.user_failure_data else None
        error = failure.error
        # ours says what to do; what caused it does not
        while error is not None and error.cls_name not in _OWN and error.cause and told is None:
            error = error.cause
        if error is not None and error.cls_name == ConfigurationError.__name__:
            is_configuration = True
        if told is None and error is not None:
            told = _without_class(error.message.strip(), error.cls_name or "")
        if error is None or error.cls_name != "DagsterAssetCheckFailedError":
            problems.append(told or f"{event.step_key} failed")
    return problems, is_configuration


def _without_class(message: str, cls_name: str) -> str:
    """An exception's text without the class that Python puts before it."""
    before, _, text = message.partition(": ")
    return text if text and before.rpartition(".")[2] == cls_name else message


def _step_seconds(events: Iterable[DagsterEvent]) -> dict[str, float]:
    return {
        event.step_key: round(event.step_success_data.duration_ms / 1000, 2)
        for event in events
        if event.is_step_success and event.step_key is not None
    }
