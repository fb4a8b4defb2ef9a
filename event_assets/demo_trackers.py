"""The demo's trackers: generated from its plan, and used to write its server's log."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from event_assets.plan.codegen.trackers import tracker_code
from event_assets.plan.loader import load_plan
from event_assets.settings import Settings
from event_assets.simulate.files import ServerLine
from event_assets.storage import write_whole

FOLDER = "trackers"


@contextmanager
def generated_server_line(settings: Settings) -> Generator[ServerLine]:
    """What the generated Python tracker writes for an event, given as the object of its line.

    The trackers stay in the data directory, to be looked at and used.
    """
    folder = settings.data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, code in tracker_code(load_plan(settings.plan_dir)).items():
        write_whole(folder / name, code.encode())
    tracker: Any = _loaded(folder / "tracking.py")
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "events.log"
        tracker.log_to(log, raises=True)

        def line_of(sent: dict[str, Any]) -> str:
            log.write_bytes(b"")
            tracker.log_event(
                sent["event_type"],
                sent["metadata"],
                user_id=sent["user_id"],
                timestamp=datetime.fromisoformat(sent["timestamp"]),
                event_id=sent["event_id"],
            )
            return log.read_text(encoding="utf-8").removesuffix("\n")

        yield line_of


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("event_assets_demo_tracking", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
