"""A data directory and a plan for a collector."""

from pathlib import Path

import pytest

from tests.ingest.ingest_workspace import Workspace, make_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty one with a plan of two events."""
    return make_workspace(tmp_path)
