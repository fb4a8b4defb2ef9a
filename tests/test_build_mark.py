"""The warehouse counts as whole only after a build that ended well, whoever else builds."""

from pathlib import Path

import pytest

from event_assets.dbt_build import build_in_progress, is_build_complete
from event_assets.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "data", tmp_path, None)


def build(settings: Settings, *, is_whole: bool = True, fails: bool = False) -> None:
    with build_in_progress(settings.warehouse, is_whole=is_whole):
        assert not is_build_complete(settings)
        if fails:
            raise SystemExit(1)


def test_a_whole_build_that_ended_well_makes_it_whole(settings: Settings) -> None:
    assert not is_build_complete(settings)
    build(settings)
    assert is_build_complete(settings)


def test_a_build_that_failed_leaves_it_not_whole_until_a_whole_one_ends_well(
    settings: Settings,
) -> None:
    build(settings)
    with pytest.raises(SystemExit):
        build(settings, fails=True)
    assert not is_build_complete(settings)
    build(settings, is_whole=False)
    assert not is_build_complete(settings)
    build(settings)
    assert is_build_complete(settings)


def test_a_build_of_some_models_leaves_a_whole_one_whole(settings: Settings) -> None:
    build(settings)
    build(settings, is_whole=False)
    assert is_build_complete(settings)
