"""Dagster's user interface on a data directory, as one process group that ends as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from event_assets.settings import Settings

_ENDING_SECONDS = 10


def serve(settings: Settings, dagster_home: Path, host: str, port: int) -> int:
    """Run `dagster dev` until it ends or this process is told to; gives its exit code."""
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(dagster_home),
        "EVENT_ASSETS_DATA": str(settings.data_dir),
        "EVENT_ASSETS_PLAN": str(settings.plan_dir),
    }
    if settings.sources_file is not None:
        environment["EVENT_ASSETS_CONFIG"] = str(settings.sources_file)
    dagster = Path(sys.executable).with_name("dagster")
    command = [dagster, "dev", "-m", "event_assets.definitions", "-h", host, "-p", str(port)]
    print(f"http://{host}:{port} in half a minute; Ctrl-C ends it", flush=True)
    process = subprocess.Popen(command, env=environment, start_new_session=True)

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the server and all that it started; its own children would stay for half a minute."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=_ENDING_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
