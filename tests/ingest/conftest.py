"""Fixtures of the ingest tests."""

from pathlib import Path

import pytest
from hypothesis import settings
from ingest_workspace import Workspace, make_workspace

# tests run on busy machines: how long an example takes says nothing
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A data directory without files."""
    return make_workspace(tmp_path)
