"""`plan check`: everything that is wrong in a plan folder, and what looks like an oversight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError, shown_path
from event_assets.plan.advice import advice
from event_assets.plan.folder import optional_file
from event_assets.plan.loader import read_plan
from event_assets.plan.mistakes import Mistakes
from event_assets.plan.model import Plan
from event_assets.plan.written import unknown_name
from event_assets.sources_config import SourcesConfig
from event_assets.yaml_files import YamlFile


@dataclass(frozen=True)
class CheckedPlan:
    """What was found: the plan, where nothing is wrong, and else mistakes; warnings beside it."""

    plan: Plan | None
    mistakes: list[ConfigurationError]
    warnings: list[ConfigurationError]

    @property
    def summary(self) -> str:
        """One line: what the plan holds and how much was found."""
        if self.plan is None or self.mistakes:
            return _counted(len(self.mistakes), "mistake")
        warnings = f", {_counted(len(self.warnings), 'warning')}" if self.warnings else ""
        return f"{described(self.plan)}: no mistakes{warnings}"

    def as_json(self) -> dict[str, Any]:
        """All of it for machines."""
        plan = self.plan
        return {
            "plan": None if plan is None else {"name": plan.name, "version": plan.version},
            "hash": None if plan is None else plan.verdict_hash,
            "mistakes": [_as_json(each) for each in self.mistakes],
            "warnings": [_as_json(each) for each in self.warnings],
        }


def check_plan(folder: Path, today: date) -> CheckedPlan:
    """Read all files of a plan folder. Raises ConfigurationError where there is none."""
    if not folder.is_dir():
        remedy = "name its folder with --plan, or write one with `event-assets init`"
        raise ConfigurationError(f"there is no plan in {shown_path(folder)}", remedy=remedy)
    reading = read_plan(folder)
    mistakes = Mistakes()
    mistakes.note(reading.mistakes)
    for path in sorted(folder.glob("sources*.yaml")):
        with mistakes.caught():
            mistakes.note(optional_file(folder, path.name).checked(SourcesConfig)[1])
    warnings: list[ConfigurationError] = []
    if reading.plan is not None:
        warnings += advice(reading.plan, reading.files, today)
        warnings += _accepted_nowhere(folder, reading.plan, reading.files["plan.yaml"])
    return CheckedPlan(reading.plan, mistakes.in_order(), warnings)


def _accepted_nowhere(folder: Path, plan: Plan, file: YamlFile) -> Iterator[ConfigurationError]:
    """Accepted days of sources that the plan folder's sources.yaml does not have."""
    config, _ = optional_file(folder, "sources.yaml").checked(SourcesConfig)
    names = [] if config is None else [source.name for source in config.sources]
    for index, day in enumerate(plan.accepted_days if names else ()):
        if day.source not in names:
            yield unknown_name(
                file, ("accepted_days", index, "source"), "source", day.source, names
            )


def described(plan: Plan) -> str:
    """`plan shop, version 1: 11 events, 34 properties, hash …`."""
    properties = sum(len(event.properties) for event in plan.events.values())
    counts = (
        f"{_counted(len(plan.events), 'event')}, {_counted(properties, 'property', 'properties')}"
    )
    return f"plan {plan.name}, version {plan.version}: {counts}, hash {plan.verdict_hash}"


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _as_json(mistake: ConfigurationError) -> dict[str, Any]:
    return {
        "file": None if mistake.file is None else shown_path(mistake.file),
        "line": mistake.line,
        "message": mistake.message,
        "remedy": mistake.remedy,
    }
