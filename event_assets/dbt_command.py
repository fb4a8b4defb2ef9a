"""`event-assets-dbt`: dbt, in a process that holds the warehouse's lock itself.

Dagster starts it in dbt's place. Were the lock held by Dagster's process, a dbt that outlives its
killed parent would write on beside the next run.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from event_assets.warehouse import Holder, WarehouseBusy, warehouse_lock

WHOLE_BUILD = "EVENT_ASSETS_WHOLE_BUILD"
"""Environment variable that is set where all models are built, not some."""

_WITHOUT_DATABASE = frozenset({"parse", "ls", "list", "deps", "clean", "--help"})


def main() -> None:
    """Run dbt with this process's arguments."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        # dagster-dbt asks at every step; dbt itself would take seconds and ask the network
        print(f"Core:\n  - installed: {version('dbt-core')}")
        return
    if "DAGSTER_DBT_CLI" in os.environ:
        _end_with_parent()
    if not arguments or arguments[0] in _WITHOUT_DATABASE:
        _run_dbt(arguments)
        return
    warehouse = Path(os.environ["EVENT_ASSETS_WAREHOUSE"])
    lock_file = warehouse.with_name("warehouse.lock")
    try:
        with warehouse_lock(lock_file, f"dbt {arguments[0]}", on_wait=_say_waiting):
            if arguments[0] == "build":
                _build(warehouse, arguments)
            else:
                _run_dbt(arguments)
    except WarehouseBusy as error:
        _say("error", str(error))
        sys.exit(2)


def _build(warehouse: Path, arguments: Sequence[str]) -> None:
    from event_assets.dbt_build import build_in_progress

    with build_in_progress(warehouse, is_whole=WHOLE_BUILD in os.environ):
        try:
            _run_dbt(arguments)
        except SystemExit as ended:
            if ended.code:
                raise


def _run_dbt(arguments: Sequence[str]) -> None:
    from dbt.cli.main import cli

    cli(list(arguments))


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: nobody reads its results then."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        # a transaction under way is rolled back at the next opening
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _say_waiting(holder: Holder | None) -> None:
    _say("info", f"Waiting for the warehouse, in use by {holder or 'another process'}")


def _say(level: str, message: str) -> None:
    """Print a message in the form in which dbt was asked to log, so that Dagster shows it."""
    if os.environ.get("DBT_LOG_FORMAT") == "json":
        info = {"name": "WarehouseLock", "level": level, "msg": message}
        print(json.dumps({"info": info, "data": {}}), flush=True)
    else:
        print(message, file=sys.stderr, flush=True)
