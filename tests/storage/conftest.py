"""Fixtures of the tests of object storage."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import S3Server, s3_server

# the workspace and the lines of the ingest tests serve here as well
sys.path.append(str(Path(__file__).parent.parent / "ingest"))


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """One server for a file of tests."""
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server, request: pytest.FixtureRequest) -> str:
    """A new bucket's name."""
    from event_assets.storage import objects

    name = f"test-{abs(hash(request.node.name))}"
    objects.client().mkdir(name)
    return name
