"""The checks of tracking quality: quiet on clean logs, and on bad ones they name what and where."""

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from event_assets.checks.tracking.all import plan_checks, source_checks
from event_assets.checks.tracking.marts import TABLES, read_marts
from event_assets.plan.loader import load_plan
from event_assets.settings import Settings, load_settings, packaged_plan_dir
from tests.dagster.handmade_marts import (
    AS_OF,
    FILE,
    LAST,
    clean,
    conflict,
    covered,
    filled,
    finding,
    guarded,
    seen,
    similar,
    source_day,
    unseen,
    write_marts,
)

LONG_AGO = AS_OF - timedelta(days=35)


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    plan = tmp_path / "plan"
    shutil.copytree(packaged_plan_dir(), plan)
    return load_settings(tmp_path / "data", plan, None)


def judged(
    shop: Settings, tables: dict[str, list[dict[str, Any]]]
) -> dict[str, dg.AssetCheckResult]:
    """The checks of the client's log and of the plan, by name."""
    write_marts(shop, tables)
    return judge(shop)


def judge(shop: Settings) -> dict[str, dg.AssetCheckResult]:
    """The same, of a warehouse that is written."""
    plan = load_plan(shop.plan_dir)
    marts = read_marts(shop, plan.version)
    source = shop.config.sources[0]
    checks = [*source_checks(dg.AssetKey(["lake", "client"]), source), *plan_checks()]
    return {check.key.name: check.result(marts, plan) for check in checks}


def never(event: str, first: date = LONG_AGO) -> dict[str, Any]:
    """A planned event on the first day that was judged by a plan with it."""
    return covered(event, "never_seen", seen=0, date=first)


def typo(name: str, **others: Any) -> dict[str, Any]:
    """An event that no plan knows."""
    return seen(name, planned=False, status=None, **others)


def edit(shop: Settings, event: str, text: str) -> None:
    """Add keys to the file of an event."""
    file = shop.plan_dir / "events" / f"{event}.yaml"
    file.write_text(file.read_text().rstrip() + f"\n{text}\n")


def rows_told(result: dg.AssetCheckResult, name: str) -> str:
    """A table of the evidence as text, a row a line."""
    found = result.metadata[name]
    assert isinstance(found, dg.TableMetadataValue)
    rows = [" | ".join(map(str, record.data.values())) for record in found.records]
    return "\n".join(f"| {row} |" for row in rows)


def is_chart(result: dg.AssetCheckResult, name: str) -> bool:
    return "](data:image/svg+xml;base64," in str(result.metadata[name].value)


def test_every_check_is_quiet_on_a_clean_log(shop: Settings):
    results = judged(shop, clean())
    assert len(results) == 15
    assert [name for name, result in results.items() if not result.passed] == []
    assert {result.severity for result in results.values()} == {dg.AssetCheckSeverity.WARN}


@pytest.mark.parametrize(
    ("name", "count", "share", "sample"),
    [
        ("duplicates", "duplicates", "duplicate_share", "duplicate"),
        ("late_events", "late", "late_share", "late"),
        ("clock_errors", "clock_errors", "clock_error_share", "clock"),
    ],
)
def test_a_day_with_too_many_of_a_kind_warns_with_the_day_the_share_and_a_place(
    shop: Settings, name: str, count: str, share: str, sample: str
):
    bad = LAST - timedelta(days=3)
    trouble = {count: 250, share: 0.25, f"{sample}_file": "raw/bad.jsonl", f"{sample}_line": 99}
    tables = clean()
    tables["source_days"].append(source_day(bad, **trouble))
    results = judged(shop, tables)
    assert [key for key, result in results.items() if not result.passed] == [name]
    message = results[name].description or ""
    assert message.startswith("1 day above ")
    assert f"25.0% on {bad}, as in raw/bad.jsonl:99: " in message
    assert (
        rows_told(results[name], "worst days").splitlines()[0]
        == f"| {bad} | 1,000 | 250 | 25.0% | raw/bad.jsonl:99 |"
    )
    assert is_chart(results[name], "by day")


def test_copies_that_differ_warn_with_the_fields_and_both_places(shop: Settings):
    tables = clean()
    tables["event_conflicts"] += [
        conflict(9, "page_url properties"),
        conflict(5, "page_url properties", item=1, elected_file="raw/a.jsonl", elected_line=40),
        conflict(5, "page_url properties"),
        conflict(3, "user_id"),
        conflict(2, "user_id", source="server"),
        conflict(2, "referrer", landing_date=LONG_AGO),
    ]
    result = judged(shop, tables)["conflicting_duplicates"]
    assert not result.passed
    assert (result.description or "").startswith(
        "4 copies differ from the event that counts, 3 of them in page_url, properties, as "
        f"{FILE}:5 from {FILE}:1: their producer uses an id twice"
    )
    assert rows_told(result, "differences").splitlines() == [
        f"| page_url, properties | 3 | {LAST} | {FILE}:5 | {FILE}:1 |",
        f"| user_id | 1 | {LAST} | {FILE}:3 | {FILE}:1 |",
    ]


def test_a_few_events_of_a_quiet_day_are_no_news(shop: Settings):
    tables = clean()
    few = {"records": 4, "late": 4, "late_share": 1.0}
    tables["source_days"].append(source_day(LAST, **few))
    assert judged(shop, tables)["late_events"].passed


def test_thresholds_are_those_of_plan_yaml(shop: Settings):
    tables = clean()
    tables["source_days"].append(source_day(LAST, duplicates=40, duplicate_share=0.04))
    assert judged(shop, tables)["duplicates"].passed
    plan = shop.plan_dir / "plan.yaml"
    plan.write_text(
        plan.read_text().replace("gap_days: 7", "gap_days: 7\n  duplicates: {warn: 0.03}")
    )
    assert not judged(shop, tables)["duplicates"].passed


def test_what_happened_long_ago_is_no_news(shop: Settings):
    tables = clean()
    far = {"duplicate_share": 0.9, "late_share": 0.9, "clock_error_share": 0.9, "volume_z": -50.0}
    tables["source_days"].append(source_day(LONG_AGO, **far))
    tables["personal_data_findings"].append(finding(date=LONG_AGO))
    tables["tracking_coverage"] += [
        covered("app_open", "deprecated", date=LONG_AGO),
        covered("search", "unused", date=LONG_AGO),
    ]
    assert [name for name, result in judged(shop, tables).items() if not result.passed] == []


@pytest.mark.parametrize(
    ("records", "z", "asked"),
    [(0, -31.4, "is a log missing or not admitted?"), (4000, 60.0, "was something sent twice?")],
)
def test_a_day_far_from_its_weekday_warns_with_both_numbers(
    shop: Settings, records: int, z: float, asked: str
):
    tables = clean()
    tables["source_days"].append(source_day(LAST, records=records, volume_z=z))
    result = judged(shop, tables)["volume"]
    assert not result.passed
    assert result.description == (
        f"{LAST} has {records:,} records where 990 were expected (z {z}): {asked}"
    )
    assert is_chart(result, "records by day")


def test_volume_is_quiet_while_the_history_is_short(shop: Settings):
    tables = clean()
    tables["source_days"] = [source_day(LAST, records=0, volume_z=None, expected_records=None)]
    result = judged(shop, tables)["volume"]
    assert result.passed
    assert result.description == "too few weeks yet to tell what is usual"


def test_a_planned_event_that_stopped_or_never_came_is_a_gap(shop: Settings):
    tables = clean()
    stopped = AS_OF - timedelta(days=12)
    tables["event_recency"] += [
        seen("search", days_since=12, last_seen=stopped),
        seen("checkout", days_since=7),
        unseen("signup_completed"),
    ]
    tables["tracking_coverage"].append(never("signup_completed"))
    result = judged(shop, tables)["event_gaps"]
    assert not result.passed
    assert result.description == (
        "2 planned events not seen for more than 7 days: "
        f"search (last on {stopped} in {FILE}:12), signup_completed (never). "
        "Look whether they are still sent, or ask product@example.com; "
        "what is sent no more on purpose gets `status: deprecated`"
    )
    table = rows_told(result, "not seen")
    assert f"| search | {stopped} | 12 | 400 | {FILE}:12 | product@example.com |" in table
    assert "| signup_completed | never |  | 0 |  | growth@example.com |" in table


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(seen("old", status="deprecated", days_since=30), id="deprecated"),
        pytest.param(seen("noise", planned=False, status=None, days_since=30), id="not planned"),
        pytest.param(seen("soon", status="draft", days_since=30), id="a draft"),
    ],
)
def test_events_that_nobody_expects_leave_no_gap(shop: Settings, row: dict[str, Any]):
    tables = clean()
    tables["event_recency"].append(row)
    assert judged(shop, tables)["event_gaps"].passed


def test_a_log_younger_than_the_gap_can_have_none(shop: Settings):
    tables = clean()
    tables["event_recency"] = [seen("page_view", first_seen=LAST), unseen("search")]
    result = judged(shop, tables)["event_gaps"]
    assert result.passed
    assert result.description == "the log is younger than 7 days"


def test_an_event_planned_since_a_few_days_may_still_come(shop: Settings):
    tables = clean()
    tables["event_recency"].append(unseen("search"))
    tables["tracking_coverage"].append(never("search"))
    assert not judged(shop, tables)["event_gaps"].passed
    edit(shop, "search", f"since: {LAST}")
    assert judged(shop, tables)["event_gaps"].passed


def test_an_event_that_few_days_were_judged_by_may_still_come_without_since(shop: Settings):
    tables = clean()
    tables["event_recency"].append(unseen("search"))
    assert judged(shop, tables)["event_gaps"].passed
    tables["tracking_coverage"].append(never("search", AS_OF - timedelta(days=7)))
    assert judged(shop, tables)["event_gaps"].passed
    tables["tracking_coverage"].append(never("search", AS_OF - timedelta(days=8)))
    assert not judged(shop, tables)["event_gaps"].passed


@pytest.mark.parametrize("missing", [unseen("search"), seen("search", days_since=9)])
@pytest.mark.parametrize("kind", ["client", "server"])
def test_an_event_that_another_log_sends_is_missed_nowhere(
    shop: Settings, missing: dict[str, Any], kind: str
):
    tables = clean()
    tables["tracking_coverage"].append(never("search"))
    tables["event_recency"] += [missing, seen("search", source="other", kind=kind, days_since=8)]
    assert not judged(shop, tables)["event_gaps"].passed
    tables["event_recency"][-1] = seen("search", source="other", kind=kind, days_since=7)
    assert judged(shop, tables)["event_gaps"].passed


def test_an_event_in_quarantine_is_no_gap_while_it_arrives(shop: Settings):
    # as_of is 2026-11-01
    for last, passes in ((date(2026, 10, 25), True), (date(2026, 10, 24), False)):
        aside = {"quarantined": 3, "last_quarantined": last}
        tables = clean()
        tables["event_recency"].append({**seen("search", days_since=9), **aside})
        result = judged(shop, tables)["event_gaps"]
        assert result.passed is passes
        ending = (result.description or "").endswith("; search arrives in quarantine")
        assert ending is passes


@pytest.mark.parametrize("junk", ["event_recency", "similar_names", "personal_data_findings"])
def test_any_number_of_junk_names_hides_nothing(shop: Settings, junk: str):
    tables = clean()
    tables["event_recency"].append(seen("search", days_since=9))
    tables["tracking_coverage"] += [never("signup_completed"), covered("checkout", "unused")]
    write_marts(shop, tables)
    values = {
        "event_recency": "'client', 'client', 'junk' || n, null, false, date '2026-10-01',"
        " date '2026-10-31', 1, 1000, 'f', 1, 0, null",
        "similar_names": "'event', null, 'junk' || n, 'page_view', 'case', false, true, 9, 9",
        "personal_data_findings": "date '2026-10-31', 'client', 'junk' || n, 'p', 'email', 2,"
        " 'f', 1",
    }
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute(
            f"insert into marts.{junk} select {values[junk]} from range(30_000) as junk(n)"
        )
    read = read_marts(shop, 1)
    assert max(len(rows) for rows in read.tables.values()) <= 1_000
    results = judge(shop)
    assert "search (last on " in (results["event_gaps"].description or "")
    if junk == "personal_data_findings":
        evidence = results["personal_data"].metadata
        assert (evidence["places"].value, evidence["findings"].value) == (30_000, 60_000)


def test_a_thousand_events_on_many_days_hide_no_verdict(shop: Settings):
    tables = clean()
    write_marts(shop, tables)
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute(
            "insert into marts.tracking_coverage select 1, 'event' || e,"
            " date '2026-10-31' - d::integer, true, 2, 'ok', 0.1"
            " from range(1000) as events(e), range(60) as days(d)"
        )
        connection.execute(
            "insert into marts.tracking_coverage select 1, 'search', date '2026-10-31' - d::integer,"
            " true, 10, 'unused', 0.1 from range(60) as days(d)"
        )
    result = judge(shop)["unused_events"]
    assert (result.description or "").startswith("search (300 events) is in no funnel")


def test_personal_data_is_named_by_its_place_and_never_shown(shop: Settings):
    tables = clean()
    tables["personal_data_findings"] += [
        finding(date=LAST - timedelta(days=1), events=4, sample_line=3),
        finding(),
        finding(event="page_view", place="page_url", pattern="url_token", events=2),
        finding(source="server", events=1000),
    ]
    result = judged(shop, tables)["personal_data"]
    assert not result.passed
    assert (result.description or "").startswith(
        f"7 events with what looks like email in `query` of search, as in {FILE}:55, and 1 place "
        "more: stop sending it, `drop` it in sources.yaml, or declare its `sensitivity`"
    )
    assert f"| search | query | email | 7 | 0.023% | {FILE}:55 |" in rows_told(result, "where")


def test_deprecated_events_that_are_sent_are_named_with_their_successor(shop: Settings):
    edit(shop, "app_open", "status: deprecated\ndeprecated: {reason: renamed, use: screen_view}")
    tables = clean()
    tables["tracking_coverage"].append(covered("app_open", "deprecated", seen=12))
    tables["event_recency"].append(seen("app_open", status="deprecated", sample_line=4))
    result = judged(shop, tables)["deprecated_events"]
    assert not result.passed
    assert result.description == (
        f"app_open is deprecated and was sent 12 times, as in {FILE}:4: send `screen_view` instead"
    )


def test_a_review_that_is_overdue_is_named_with_its_owner(shop: Settings):
    edit(shop, "search", f"review_by: {AS_OF}")
    assert judged(shop, clean())["expired_reviews"].passed
    edit(shop, "checkout", f"review_by: {LAST}")
    result = judged(shop, clean())["expired_reviews"]
    assert not result.passed
    assert (result.description or "").startswith(f"1 review overdue, the first checkout ({LAST}, ")


def test_events_that_nothing_uses_are_named_with_what_they_cost(shop: Settings):
    tables = clean()
    tables["tracking_coverage"] += [covered("search", "unused", seen=300), covered("never", seen=0)]
    result = judged(shop, tables)["unused_events"]
    assert not result.passed
    assert (result.description or "").startswith("search (300 events) is in no funnel")
    assert "| search | 300 | 60.0% | product@example.com |" in rows_told(result, "events")


def test_verdicts_of_earlier_plans_are_no_news_once_a_later_one_judged(shop: Settings):
    tables = clean()
    tables["tracking_coverage"].append(covered("search", "unused", plan_version=0))
    tables["property_coverage"] += never_filled("search", "query", plan_version=0)
    results = judged(shop, tables)
    assert results["unused_events"].passed
    assert results["property_filling"].passed


def test_until_a_raised_plan_judged_the_verdicts_of_the_one_before_stand(shop: Settings):
    tables = clean()
    tables["tracking_coverage"] = [covered("search", "unused")]
    tables["property_coverage"] = [
        *never_filled("search", "query"),
        *never_filled("search", "gone"),
    ]
    plan = shop.plan_dir / "plan.yaml"
    before = plan.read_text()
    plan.write_text(before.replace("version: 1\n", "version: 2\n"))
    assert plan.read_text() != before
    results = judged(shop, tables)
    assert not results["unused_events"].passed
    assert not results["property_filling"].passed
    assert results["property_filling"].metadata["never filled"].value == 1


def never_filled(event: str, name: str, events: int = 400, day: date = LAST, **others: Any):
    """A property over all days and on the last of them."""
    rows = [
        filled(event, name, "never_filled", events=events, **others),
        filled(event, name, "never_filled", events=1, **others),
    ]
    rows[1]["date"] = day
    return rows


def test_properties_that_are_never_filled_warn_and_those_always_filled_are_told(shop: Settings):
    tables = clean()
    tables["property_coverage"] += [
        filled("purchase", "items", "always_filled"),
        filled("purchase", "items", "always_filled", date=LAST),
    ]
    result = judged(shop, tables)["property_filling"]
    assert result.passed
    assert "(`items` of purchase …) could be `required`" in (result.description or "")
    tables["property_coverage"] += never_filled("purchase", "currency")
    result = judged(shop, tables)["property_filling"]
    assert not result.passed
    assert (result.description or "").startswith(
        f"`currency` of purchase was never filled in 400 events, as in {FILE}:12: fill it, or "
    )


@pytest.mark.parametrize(("events", "day"), [(19, LAST), (400, AS_OF - timedelta(days=31))])
def test_few_events_or_old_ones_say_nothing_of_their_properties(
    shop: Settings, events: int, day: date
):
    tables = clean()
    tables["property_coverage"] += never_filled("purchase", "currency", events, day)
    assert judged(shop, tables)["property_filling"].passed
    near = AS_OF - timedelta(days=30)
    tables["property_coverage"] += never_filled("purchase", "items", 20, near)
    assert not judged(shop, tables)["property_filling"].passed


@pytest.mark.parametrize(
    ("pair", "days", "both"),
    [
        (similar("Purchase", "purchase"), 31, False),
        (similar("Query", "query", kind="property", event="search"), 31, False),
        (similar("Purchase", "purchase", is_planned=True), 1, True),
    ],
)
def test_names_of_long_ago_and_names_that_are_both_planned_warn_of_nothing(
    shop: Settings, pair: dict[str, Any], days: int, both: bool
):
    def named(days: int) -> dict[str, list[dict[str, Any]]]:
        last = AS_OF - timedelta(days=days)
        tables = clean()
        tables["similar_names"].append(pair)
        if pair["kind"] == "event":
            tables["event_recency"].append(typo(pair["name"], last_seen=last))
        else:
            tables["property_coverage"].append(
                filled(pair["event"], pair["name"], "unplanned", date=last)
            )
        return tables

    assert judged(shop, named(days))["similar_names"].passed
    assert judged(shop, named(days - 1))["similar_names"].passed == both


def test_names_that_stand_in_quarantine_alone_are_told(shop: Settings):
    tables = clean()
    tables["similar_names"].append(similar("Purchase", "purchase"))
    write_marts(shop, tables)
    for day, passed in ((AS_OF - timedelta(days=31), True), (LAST, False)):
        with duckdb.connect(str(shop.warehouse)) as connection:
            connection.execute(
                "create or replace table marts.tracking_violations as select 'unplanned_event' as"
                f" violation, 'Purchase' as event, null::varchar as property, date '{day}' as date"
            )
        assert judge(shop)["similar_names"].passed == passed


def test_names_that_look_alike_are_told_with_a_place(shop: Settings):
    tables = clean()
    tables["similar_names"] += [
        similar("Purchase", "purchase"),
        similar("amuont", "amount", kind="property", event="purchase", events=2),
    ]
    tables["event_recency"].append(typo("Purchase", sample_line=31))
    tables["property_coverage"].append(filled("purchase", "amuont", "unplanned", date=LAST))
    result = judged(shop, tables)["similar_names"]
    assert not result.passed
    assert result.description == (
        f"the event `Purchase` (9 times, as in {FILE}:31) looks like `purchase`, and 1 pair more: "
        "send one of them, or plan both"
    )


def with_guarded(*found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Twenty devices of one user each beside what is given."""
    plain = [
        {"id_key": f"d{n}", "id": f"d{n}", "is_user": False, "linked_ids": 1} for n in range(20)
    ]
    tables = {**clean(), "int_identities": plain, "stg_events": []}
    for each in found:
        for table, rows in each.items():
            tables[table] = [*tables[table], *rows]
    return tables


def test_a_runaway_id_is_named_by_pseudonym_and_place(shop: Settings):
    tables = with_guarded(
        guarded("tester@example.com", "runaway", 77), guarded("kiosk", "shared", 3)
    )
    result = judged(shop, tables)["guarded_ids"]
    assert not result.passed
    assert f"a user's id that was seen with 77 others, as in {FILE}:77" in (
        result.description or ""
    )
    told = (result.description or "") + rows_told(result, "guarded")
    assert "| v_18 | user | runaway | 77 |" in told
    assert "| v_5 | device | shared | 3 |" in told
    assert "tester" not in told
    assert "kiosk" not in told


def test_a_runaway_id_of_long_ago_and_a_few_shared_devices_are_no_news(shop: Settings):
    tables = with_guarded(guarded("bot", "runaway", 77), guarded("kiosk", "shared", 3))
    tables["stg_events"][0]["landing_date"] = LONG_AGO
    result = judged(shop, tables)["guarded_ids"]
    assert result.passed
    assert "1 shared device, 1 runaway id" in (result.description or "")


def test_many_shared_devices_are_told_with_their_share(shop: Settings):
    tables = with_guarded(*(guarded("k" * n, "shared", 2) for n in range(1, 6)))
    result = judged(shop, tables)["guarded_ids"]
    assert not result.passed
    assert "20.0% of the devices with a user were used by several" in (result.description or "")


@pytest.mark.parametrize("missing", TABLES)
def test_a_mart_that_is_not_built_yet_is_said_and_crashes_nothing(shop: Settings, missing: str):
    tables = clean()
    del tables[missing]
    results = judged(shop, tables)
    told = {name for name, each in results.items() if "not built yet" in (each.description or "")}
    assert all(result.passed for result in results.values())
    assert told
    assert all(f"marts.{missing} " in (results[name].description or "") for name in told)


def test_before_the_first_build_there_is_nothing_to_look_at(shop: Settings):
    marts = read_marts(shop, 1)
    plan = load_plan(shop.plan_dir)
    source = shop.config.sources[0]
    for check in [*source_checks(dg.AssetKey(["lake", "client"]), source), *plan_checks()]:
        result = check.result(marts, plan)
        assert result.passed
        assert result.description in (
            "nothing has landed yet",
            f"marts.{check.marts[0]} is not built yet",
        )


def test_names_from_logs_stay_on_their_line(shop: Settings):
    tables = clean()
    tables["similar_names"].append(similar("a\n\rb", "ab"))
    tables["event_recency"].append(typo("a\n\rb"))
    result = judged(shop, tables)["similar_names"]
    assert "`a b`" in (result.description or "")
    assert "| a b |" in rows_told(result, "names")


def test_similar_names_that_hold_personal_data_are_withheld(shop: Settings):
    tables = clean()
    tables["similar_names"].append(similar("bob@example.com", "Bob@example.com"))
    tables["event_recency"].append(typo("bob@example.com", sample_line=8))
    result = judged(shop, tables)["similar_names"]
    told = (result.description or "") + rows_told(result, "names")
    assert "@" not in told
    assert f"the event `(withheld)` (9 times, as in {FILE}:8) looks like `(withheld)`" in told


def test_a_name_of_a_megabyte_is_told_in_short(shop: Settings):
    tables = clean()
    tables["similar_names"].append(similar("x" * 2**20, "y" * 2**20))
    tables["event_recency"].append(typo("x" * 2**20))
    tables["personal_data_findings"].append(finding(place="p" * 2**20))
    results = judged(shop, tables)
    for name in ("similar_names", "personal_data"):
        assert not results[name].passed
        assert len(results[name].description or "") < 500
        evidence = [str(each.value) for each in results[name].metadata.values()]
        assert max(map(len, evidence)) < 5000


def test_of_years_of_days_only_the_last_are_read(shop: Settings):
    tables = clean()
    tables["source_days"] += [source_day(LAST - timedelta(days=back)) for back in range(40, 400)]
    write_marts(shop, tables)
    read = read_marts(shop, 1).rows("source_days")
    assert len(read) == 60
    assert max(row["date"] for row in read) == LAST
