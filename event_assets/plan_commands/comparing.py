"""`plan diff`: what changed since another state of the plan, and whether it needs a new version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError, shown_path
from event_assets.plan.comparing.changes import PLAN, Change, placed, plan_changes
from event_assets.plan.comparing.keyword_changes import Kind
from event_assets.plan.loader import read_plan
from event_assets.plan_commands.base import base_folder, default_base

_ORDER: tuple[Kind, ...] = ("breaking", "additive", "note")


@dataclass(frozen=True)
class ComparedPlans:
    """The changes with their places now. `nothing` says why there was nothing to compare with."""

    base: str
    versions: tuple[int, int] | None = None
    changes: list[tuple[Change, ConfigurationError]] = field(
        default_factory=list[tuple[Change, ConfigurationError]]
    )
    nothing: str | None = None

    @property
    def breaking(self) -> int:
        """How many changes are breaking."""
        return sum(change.kind == "breaking" for change, _ in self.changes)

    @property
    def is_well(self) -> bool:
        """Whether nothing is breaking, or the plan has a new version."""
        if self.versions is None:
            return True
        old, new = self.versions
        return new > old or (not self.breaking and new == old)

    def lines(self) -> Iterator[str]:
        """The changes event by event, then what follows from them."""
        for of, changes in groupby(self.changes, key=lambda each: each[0].of):
            yield of
            for change, place in sorted(changes, key=lambda each: _ORDER.index(each[0].kind)):
                yield f"  {change.kind:8}  {place}"
        yield self._conclusion()

    def as_json(self) -> dict[str, Any]:
        """All of it for machines."""
        return {
            "base": self.base,
            "versions": None if self.versions is None else list(self.versions),
            "changes": [
                {
                    "of": change.of,
                    "kind": change.kind,
                    "file": None if place.file is None else shown_path(place.file),
                    "line": place.line,
                    "place": ".".join(map(str, change.location)),
                    "message": change.message,
                }
                for change, place in self.changes
            ],
            "conclusion": self._conclusion(),
        }

    def _conclusion(self) -> str:
        if self.versions is None:
            return self.nothing or "nothing to compare with"
        old, new = self.versions
        since = f"since {self.base}"
        if new < old:
            return f"version went from {old} back to {new} {since}; versions only go up"
        if not self.changes:
            return f"no changes {since}"
        if not self.breaking:
            return f"nothing breaking {since}: no new version is needed"
        changes = f"{self.breaking} breaking change{'s' if self.breaking > 1 else ''} {since}"
        if new > old:
            return f"{changes}, under the new version {new}"
        return (
            f"{changes}; set `version: {new + 1}` in {PLAN}, or keep in `earlier` what an event "
            "took before"
        )


def compare_plans(base: str | None, folder: Path) -> ComparedPlans:
    """Compare a plan folder with a base: another folder, or a git revision.

    Without a base it is the main branch, or the commit before. Raises ConfigurationError for
    mistakes in the plan as it is now, and for a base that is not there.
    """
    if not folder.is_dir():
        remedy = "name its folder with --plan, or write one with `event-assets init`"
        raise ConfigurationError(f"there is no plan in {shown_path(folder)}", remedy=remedy)
    now = read_plan(folder)
    if now.plan is None:
        raise now.mistakes[0]
    name = base or default_base(folder)
    if name is None:
        message = (
            "nothing to compare with: neither origin/main nor a commit before is another one here"
        )
        return ComparedPlans("nothing", nothing=message)
    with base_folder(name, folder) as before:
        has_plan = before is not None and (before / PLAN).is_file()
        if before == Path(name) and not has_plan:
            message = f"there is no plan in {shown_path(Path(name))}"
            raise ConfigurationError(message, remedy="name a folder with plan.yaml")
        if before is None or not has_plan:
            message = f"nothing to compare with: {name} has no plan there"
            return ComparedPlans(name, nothing=message)
        was = read_plan(before)
        if was.plan is None:
            first = was.mistakes[0]
            place = "" if first.file is None else f" ({first.file.relative_to(before)})"
            message = f"nothing to compare with: the plan of {name} has mistakes{place}"
            return ComparedPlans(name, nothing=f"{message}: {first.message}")
    changes = plan_changes(was.plan, now.plan)
    versions = was.plan.version, now.plan.version
    return ComparedPlans(name, versions, [(each, placed(each, now.files)) for each in changes])
