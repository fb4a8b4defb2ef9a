"""`plan compile`: the plan's tables in the data directory, and the editor's schemas in its folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from event_assets.errors import ConfigurationError, shown_path
from event_assets.plan.editor.editor_schema import stale_editor_schemas, write_editor_schemas
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Plan
from event_assets.settings import Settings


@dataclass(frozen=True)
class CompiledPlan:
    """What was written, or would be; `without_data` where there is no data directory to write to."""

    plan: Plan
    changed: list[Path]
    without_data: Path | None

    def lines(self, *, is_check: bool) -> Iterator[str]:
        """What was found or done."""
        for path in self.changed:
            yield f"{shown_path(path)}{' is not current' if is_check else ' written'}"
        if not self.changed:
            yield f"plan {self.plan.name}, version {self.plan.version}: all is current"
        if self.without_data is not None:
            yield f"no data directory {shown_path(self.without_data)}: a run writes the tables"


def compile_plan(settings: Settings, *, is_check: bool) -> CompiledPlan:
    """Write what the plan and the settings make, where it is not current; with is_check nothing.

    The tables go into a data directory that is there; its identity key is made if it has none.
    Raises ConfigurationError for mistakes in the plan.
    """
    plan = load_plan(settings.plan_dir)
    schemas = (stale_editor_schemas if is_check else write_editor_schemas)(settings.plan_dir)
    if not settings.data_dir.is_dir():
        return CompiledPlan(plan, schemas, settings.data_dir)
    tables = _stale_tables(plan, settings) if is_check else _write_tables(plan, settings)
    return CompiledPlan(plan, [*schemas, *tables], None)


def keep_tables_current(settings: Settings) -> None:
    """Write tables anew that a run has written and the plan has left behind.

    For development; a plan with a mistake is left to the run to tell, and a run that goes on is left
    alone.
    """
    from event_assets.warehouse import lock_holder

    if not settings.plan_tables_dir.is_dir() or lock_holder(settings.lock_file) is not None:
        return
    try:
        _write_tables(load_plan(settings.plan_dir), settings)
    except ConfigurationError:
        return


def _write_tables(plan: Plan, settings: Settings) -> list[Path]:
    # loaded here, as a check of the schemas alone needs no tables
    from event_assets.plan.tables import compile_tables

    before = _contents(settings.plan_tables_dir)
    compile_tables(plan, settings, settings.plan_tables_dir)
    return _changed(settings.plan_tables_dir, before, _contents(settings.plan_tables_dir))


def _stale_tables(plan: Plan, settings: Settings) -> list[Path]:
    from event_assets.plan.tables import compile_tables

    folder = settings.plan_tables_dir
    if not (settings.data_dir / "identity.key").is_file():  # made with the tables only
        return [folder]
    with tempfile.TemporaryDirectory(prefix="event-assets-") as name:
        compile_tables(plan, settings, Path(name))
        return _changed(folder, _contents(folder), _contents(Path(name)))


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


def _changed(folder: Path, before: dict[str, bytes], after: dict[str, bytes]) -> list[Path]:
    return [folder / name for name in sorted(after) if before.get(name) != after[name]]
