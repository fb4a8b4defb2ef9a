"""What tests need and the project cannot bring: where it is missing they are skipped and say why."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

# Real logs of a music site. They are not ours to ship: without them the same code is tested by the
# generated logs alone.
MUSIC_SITE_LOGS = Path(__file__).parents[2] / "shared" / "data" / "music_site_logs"
needs_music_site_logs = pytest.mark.skipif(
    not MUSIC_SITE_LOGS.is_dir(),
    reason=f"real logs, which this project may not ship, are not at {MUSIC_SITE_LOGS}",
)


def missing(what: str) -> NoReturn:
    """Skip the test for want of what set-up installs or the system has; in CI fail instead."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not there; CI must have it")
    pytest.skip(f"{what} is not there")
