"""What surrounds a run of dbt: its environment, whether it ended well, and what failed in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from event_assets.dbt_manifest import PARTIAL_PARSE
from event_assets.disk_errors import MAKE_ROOM, is_full
from event_assets.settings import Settings

_FAILED = ("error", "fail", "runtime error")
_SHOWN = 10
_RUNS_KEPT = 5


class Invocation(Protocol):
    """What is needed of dagster-dbt's invocation."""

    def get_artifact(self, artifact: Any, /) -> dict[str, Any]: ...
    def get_error(self) -> Exception | None: ...


@contextmanager
def environment(variables: Mapping[str, str]) -> Generator[None]:
    """Set environment variables for the processes that are started within."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def run_folder(settings: Settings, run_id: str) -> Generator[Path]:
    """A folder for one run's results and logs; those of the last few runs are kept."""
    runs = settings.dbt_dir / "runs"
    folder = runs / run_id
    folder.mkdir(parents=True, exist_ok=True)
    parsed = settings.dbt_dir / PARTIAL_PARSE
    if parsed.is_file():
        shutil.copyfile(parsed, folder / PARTIAL_PARSE)
    yield folder
    if (folder / PARTIAL_PARSE).is_file():
        os.replace(folder / PARTIAL_PARSE, parsed)
    for old in sorted(runs.iterdir(), key=lambda each: each.stat().st_mtime)[:-_RUNS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def build_in_progress(warehouse: Path, *, is_whole: bool) -> Generator[None]:
    """Until the block has ended well, the warehouse's tables are not known to fit together.

    A build of some models leaves them fitting only where they did before. To be entered by who
    holds the warehouse's lock: the mark must not be set for a build that another has begun.
    """
    mark = _complete_mark(warehouse)
    is_complete_after = is_whole or mark.is_file()
    mark.unlink(missing_ok=True)
    yield
    if is_complete_after:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def is_build_complete(settings: Settings) -> bool:
    """Whether the last builds ended well: only then the warehouse may be published."""
    return _complete_mark(settings.warehouse).is_file()


def _complete_mark(warehouse: Path) -> Path:
    return warehouse.with_name("dbt") / "complete"


def what_failed(invocation: Invocation) -> str:
    """The models and tests that failed, one a line, or what kept dbt from running at all.

    Where the disk was full, that comes first, with what to do.
    """
    told = _what_failed(invocation)
    if not is_full(told):
        return told
    return f"the disk of the warehouse is full; {MAKE_ROOM}\n{told}"


def _what_failed(invocation: Invocation) -> str:
    try:
        results = invocation.get_artifact("run_results.json")["results"]
    except FileNotFoundError:
        return _error_text(invocation.get_error())
    failed = [
        f"{result['unique_id'].split('.')[2]}: {' '.join((result.get('message') or '').split())}"
        for result in results
        if result["status"] in _FAILED
    ]
    if not failed:
        return _error_text(invocation.get_error())
    more = len(failed) - _SHOWN
    return "\n".join(failed[:_SHOWN] + ([f"… and {more} more"] if more > 0 else []))


def _error_text(error: Exception | None) -> str:
    """dbt's own messages out of dagster-dbt's account of the command."""
    text = str(error) if error is not None else "dbt ended without a result"
    return text.partition("Errors parsed from dbt logs:")[2].strip() or text
