"""The whole job: what it admits, checks, publishes and says."""

import gzip
import json
import os
import signal
import time

import dagster as dg

from event_assets.run import dagster_instance
from event_assets.run_report import FAILED, OK
from event_assets.warehouse import lock_holder
from tests.dagster.shop import named, page_views, start_run

CLIENT = dg.AssetKey(["lake", "client"])


def _sessions(history, step: str) -> object:
    return history.published[step][0][0]


def test_a_day_above_the_error_threshold_is_not_in_the_marts_and_the_others_are(history):
    report = history.reports["bad day"]
    check = named(report, "lake/client", "violation_share")
    assert report.exit_code == FAILED
    assert report.problems == ()
    assert (check.passed, check.severity, check.blocking) == (False, "ERROR", False)
    assert _sessions(history, "bad day") == 10
    assert report.published == "changed"


def test_the_failed_check_names_the_day_and_what_to_do(history):
    message = named(history.reports["bad day"], "lake/client", "violation_share").message
    assert "2026-10-01 (23.8%)" in message  # 4 products without an id, 1 line of no JSON, of 21
    assert "most often required_missing product_view product_id (4, as in raw/client/" in message
    assert "`event-assets run --partition 2026-10-01`" in message
    assert "`accepted_days: [{source: client, date: 2026-10-01, reason: …}]`" in message


def test_the_day_stays_out_of_later_runs_and_they_say_so_again(history):
    report = history.reports["failing test"]
    assert [(each.source, each.day) for each in report.ingested] == [("server", "2026-10-04")]
    check = named(report, "lake/client", "violation_share")
    assert (check.passed, check.severity) == (False, "ERROR")
    [sessions] = [each for each in report.tables if each.table == "sessions"]
    assert (sessions.rows, sessions.new_rows) == (10, 0)


def test_an_accepted_day_is_let_in_without_being_read_again(history):
    report = history.reports["accepted"]
    assert report.ingested == ()
    assert report.exit_code == OK
    assert _sessions(history, "accepted") == 20
    check = named(report, "lake/client", "violation_share")
    assert (check.passed, check.severity) == (False, "WARN")


def test_every_line_and_record_of_a_bad_day_is_accounted_for(history):
    [day] = [each for each in history.reports["bad day"].ingested if each.day == "2026-10-01"]
    assert (day.source, day.files) == ("client", 1)
    assert (day.records, day.accepted, day.quarantined) == (21, 16, 5)
    for report in history.reports.values():
        assert named(report, "lake/client", "account_adds_up").passed


def test_tables_are_told_with_their_rows_and_new_rows(history):
    def sessions(step: str) -> tuple[int, int]:
        [line] = [each for each in history.reports[step].tables if each.table == "sessions"]
        return line.rows, line.new_rows

    told = {each.table for each in history.reports["bad day"].tables if each.schema == "marts"}
    published = history.shop.published(
        "select table_name from information_schema.tables where table_name <> 'about'"
    )
    assert {"attribution_credits", "attribution_model_weights"} <= {name for (name,) in published}
    assert {name for (name,) in published} <= told
    assert sessions("bad day") == (10, 10)
    assert sessions("accepted") == (20, 10)


def test_a_failing_test_of_a_model_ends_with_1_and_leaves_what_was_published(history):
    report = history.reports["failing test"]
    check = named(report, "marts/conversions", "exchange_rates_are_complete")
    assert report.exit_code == FAILED
    assert (check.passed, check.severity, check.blocking) == (False, "ERROR", True)
    assert "rates.csv" in check.message
    assert report.published == "no"
    assert history.published["failing test"] == history.published["bad day"]
    assert any("exchange_rates_are_complete" in problem for problem in report.problems)


def test_a_build_that_failed_is_not_published_by_hand_either(history):
    assert not history.is_published_by_hand


def test_days_with_files_are_materialized_and_days_without_are_not(history):
    with dagster_instance(history.shop.settings) as instance:
        assert instance.get_materialized_partitions(CLIENT) == {"2026-10-01", "2026-10-03"}
        assert instance.get_materialized_partitions(dg.AssetKey(["lake", "server"])) == {
            "2026-10-03",
            "2026-10-04",
        }


def test_the_evidence_of_a_day_leads_to_a_line_and_holds_no_value(history):
    with dagster_instance(history.shop.settings) as instance:
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(CLIENT, asset_partitions=["2026-10-01"]), limit=1
        ).records
    made = records[0].asset_materialization
    assert made is not None
    metadata = made.metadata
    assert metadata["quarantined"].value == 5
    offenders = str(metadata["worst offenders"].value)
    assert "| product\\_view | product\\_id | required\\_missing | 4 |" in offenders
    assert "raw/client/2026-10-01/events.jsonl:2" in offenders
    told = json.dumps({name: str(value.value) for name, value in metadata.items()})
    assert "user-1" not in told
    assert "no json" not in told


def test_tables_in_the_catalog_have_rows_and_columns_with_comments(history):
    with dagster_instance(history.shop.settings) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["marts", "sessions"]))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert metadata["dagster/row_count"].value == 20
    columns = {each.name: each for each in metadata["dagster/column_schema"].value.columns}
    assert columns["started_at"].type == "TIMESTAMP"
    assert columns["started_at"].description == "First own event (UTC)."


def test_a_run_that_was_killed_is_of_no_concern_to_the_next(new_shop):
    shop = new_shop()
    shop.write("client", "2026-10-01", page_views("2026-10-01", visitors=10))
    process = start_run(shop.settings)
    deadline = time.monotonic() + 120
    while (holder := lock_holder(shop.settings.lock_file)) is None or "dbt" not in holder.command:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not shop.settings.analytics.exists()
    following = start_run(shop.settings)
    out, err = following.communicate()
    assert (following.returncode, err) == (OK, "")
    report = json.loads(out)
    assert report["exit_code"] == OK
    assert report["published"] == "changed"
    assert {"schema": "marts", "table": "sessions", "rows": 10, "new_rows": 10} in report["tables"]
    assert shop.published("select count(*) from sessions") == [(10,)]
    with dagster_instance(shop.settings) as instance:
        statuses = [each.status for each in instance.get_runs()]
    assert statuses == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


def test_what_can_be_read_of_a_damaged_file_is_in_and_it_is_named(new_shop):
    shop = new_shop()
    views = list(page_views("2026-10-01", visitors=40))
    path = shop.write("client", "2026-10-01", views)
    whole = gzip.compress(path.read_bytes())
    path.unlink()
    path.with_suffix(".jsonl.gz").write_bytes(whole[:-60])
    result = shop.launch(CLIENT, tags={"dagster/partition": "2026-10-01"})
    assert result.success
    checks = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert not checks["incomplete_files"].passed
    assert "its gzip data are cut short" in str(checks["incomplete_files"].description)
    [made] = result.get_asset_materialization_events()
    assert 0 < made.materialization.metadata["accepted"].value < len(views)
