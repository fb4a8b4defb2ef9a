"""What Dagster is told, without running anything."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from event_assets.code_location import build_definitions
from event_assets.ingest.ingest import ensure_lake
from event_assets.landing import DaySpan, daily_partitions, landing_span
from event_assets.schedules import run_tags


@pytest.fixture(scope="module")
def shop(new_shop):
    shop = new_shop()
    shop.write("client", "2026-10-02", ["{}"])
    shop.write("server", "2026-10-05", ["{}"])
    return shop


@pytest.fixture(scope="module")
def definitions(shop) -> dg.Definitions:
    return build_definitions(shop.settings)


def test_every_asset_has_a_group_an_owner_a_kind_and_a_description(definitions):
    specs = definitions.resolve_all_asset_specs()
    assert len(specs) > 20
    for spec in specs:
        assert spec.group_name not in (None, "default"), spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.description, spec.key


def test_every_test_of_the_models_is_a_check(definitions, shop):
    from event_assets.dbt_manifest import read_manifest

    nodes = read_manifest(shop.settings)["nodes"].values()
    tests = {node["name"] for node in nodes if node["resource_type"] == "test"}
    graph = definitions.resolve_asset_graph()
    assert tests <= {key.name for key in graph.asset_check_keys}


def test_the_account_blocks_and_the_share_of_violations_does_not(definitions):
    graph = definitions.resolve_asset_graph()
    key = dg.AssetKey(["lake", "client"])
    blocking = {
        name: graph.get_check_spec(dg.AssetCheckKey(key, name)).blocking
        for name in ("account_adds_up", "violation_share", "unplanned_share", "rewritten_files")
    }
    assert blocking == {
        "account_adds_up": True,
        "violation_share": False,
        "unplanned_share": False,
        "rewritten_files": False,
    }


def test_the_published_database_comes_after_every_model(definitions):
    graph = definitions.resolve_asset_graph()
    ancestors = graph.get_ancestor_asset_keys(dg.AssetKey("analytics"))
    assert dg.AssetKey(["marts", "sessions"]) in ancestors
    assert dg.AssetKey("admitted_loads") in ancestors
    assert dg.AssetKey(["lake", "server"]) in ancestors


def test_what_starts_runs_is_stopped_and_says_so(definitions):
    repository = definitions.get_repository_def()
    [schedule], [sensor] = repository.schedule_defs, repository.sensor_defs
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert "Stopped by default" in (schedule.description or "")
    assert "Stopped by default" in (sensor.description or "")


def test_the_sensor_asks_for_the_days_with_new_files_once_for_the_same_files(definitions, shop):
    repository = definitions.get_repository_def()
    [sensor] = repository.sensor_defs

    def requests() -> list[dg.RunRequest]:
        with (
            dg.DagsterInstance.ephemeral() as instance,
            dg.build_sensor_context(instance, repository_def=repository) as context,
        ):
            return list(sensor.evaluate_tick(context).run_requests or [])

    [first] = requests()
    assert first.tags["dagster/asset_partition_range_start"] == "2026-10-02"
    assert first.tags["dagster/asset_partition_range_end"] == "2026-10-05"
    [again] = requests()
    assert again.run_key == first.run_key
    shop.write("server", "2026-10-05", ["{}", "{}"])
    [grown] = requests()
    assert grown.run_key != first.run_key


def test_the_schedule_takes_what_is_new(definitions, shop):
    repository = definitions.get_repository_def()
    [schedule] = repository.schedule_defs
    with dg.build_schedule_context(repository_def=repository) as context:
        [request] = schedule.evaluate_tick(context).run_requests or []
    assert request.tags.items() >= run_tags(shop.settings).items()
    assert request.tags["event_assets/ingest"] == "only_new"


def test_loading_the_definitions_opens_no_log_and_touches_no_lake(shop):
    code = (
        "import sys\n"
        "opened = []\n"
        "def hook(event, arguments):\n"
        "    if event == 'open' and '/raw/' in str(arguments[0]):\n"
        "        opened.append(arguments[0])\n"
        "sys.addaudithook(hook)\n"
        "import event_assets.definitions\n"
        "print(opened)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "EVENT_ASSETS_DATA": str(shop.settings.data_dir),
            "EVENT_ASSETS_PLAN": str(shop.settings.plan_dir),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr
    assert not shop.settings.lake.exists()


def test_a_mistake_in_the_configuration_is_told_in_one_line(shop, tmp_path):
    (tmp_path / "sources.yaml").write_text("curency: EUR\n")
    done = subprocess.run(
        [sys.executable, "-c", "import event_assets.definitions"],
        env={
            "EVENT_ASSETS_DATA": str(shop.settings.data_dir),
            "EVENT_ASSETS_CONFIG": str(tmp_path / "sources.yaml"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1].endswith(
        f"{tmp_path}/sources.yaml:1: curency: unknown key; did you mean `currency`?"
    )
    assert len(done.stderr.splitlines()) <= 5


def test_partitions_run_from_the_first_file_to_today_or_the_last_file(new_shop):
    shop = new_shop()
    today = datetime.now(UTC).date()
    assert landing_span(shop.settings) == DaySpan(today - timedelta(days=1), today)
    shop.write("client", "2026-10-02", ["{}"])
    assert landing_span(shop.settings).first == date(2026, 10, 2)
    ahead = today + timedelta(days=40)
    shop.write("client", ahead.isoformat(), ["{}"])
    partitions = daily_partitions(landing_span(shop.settings))
    keys = partitions.get_partition_keys()
    assert keys[0] == "2026-10-02"
    assert ahead.isoformat() in keys
    assert today.isoformat() in keys


@pytest.mark.parametrize("text", ["2026-10-01", "2026-10-01..2026-10-03"])
def test_a_span_of_days_is_written_as_it_is_read(text):
    assert str(DaySpan.parse(text)) == text


def test_a_run_over_nothing_new_takes_the_latest_day(new_shop):
    shop = new_shop()
    ensure_lake(shop.settings)
    today = datetime.now(UTC).date().isoformat()
    tags = run_tags(shop.settings)
    assert tags["dagster/asset_partition_range_start"] == today
    assert tags["dagster/asset_partition_range_end"] == today
