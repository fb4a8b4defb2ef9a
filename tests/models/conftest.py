"""One parse of the dbt project for the whole session; a lake and a warehouse of its own for each test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import Warehouse, dbt_flags
from dbt.cli.main import dbtRunner


@pytest.fixture(scope="session")
def dbt_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, object]]:
    home = tmp_path_factory.mktemp("dbt")
    before = dict(os.environ)
    os.environ["EVENT_ASSETS_LAKE"] = str(home / "lake")
    os.environ["EVENT_ASSETS_LOCAL_LAKE"] = str(home / "lake")
    os.environ["EVENT_ASSETS_WAREHOUSE"] = str(home / "warehouse" / "warehouse.duckdb")
    parsed = dbtRunner().invoke(["parse", *dbt_flags(home)])
    assert parsed.success
    yield home, parsed.result
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def seeded(dbt_home: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse file that holds the seeds alone."""
    home, manifest = dbt_home
    empty = Warehouse(home, tmp_path_factory.mktemp("seeded"), manifest)
    assert empty.dbt("seed")
    return empty.path


@pytest.fixture
def warehouse(dbt_home: tuple[Path, object], seeded: Path, tmp_path: Path) -> Warehouse:
    """A lake without loads, and a warehouse that holds the seeds."""
    home, manifest = dbt_home
    made = Warehouse(home, tmp_path, manifest)
    shutil.copy(seeded, made.path)
    return made
