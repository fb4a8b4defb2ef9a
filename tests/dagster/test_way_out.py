"""Quarantine has a way out: what was mended is foretold, let through once, and counted once."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass

import dagster as dg
import pytest

from event_assets.doctor import examine
from event_assets.landing import DaySpan
from event_assets.plan.loader import load_plan
from event_assets.run import dagster_instance
from event_assets.run_output import print_plan_change
from event_assets.run_report import FAILED, OK, RunReport
from event_assets.settings import last_plan, load_settings
from tests.dagster.shop import SOURCES, Shop, named, page_views

SITE = """\
  - name: site
    kind: server
    opens_sessions: true
    path: "raw/site/{date}/*"
    format: mapping
    mapping: {event_type: NAME, client_ts: ts, user_id: who}
"""
CLIENT, SITE_ASSET = dg.AssetKey(["lake", "client"]), dg.AssetKey(["lake", "site"])
FIRST, SECOND, SITES = "2026-10-01", "2026-10-02", "2026-10-03"


@dataclass
class Mending:
    """A shop before its plan and mapping were mended, after it, and when its days were judged."""

    shop: Shop
    reports: dict[str, RunReport]
    tables: dict[str, list[tuple[object, ...]]]
    advice: list[str]
    news: list[str]


def with_mapping(shop: Shop, name: str) -> Shop:
    """The shop with its site's mapping as it is now."""
    (shop.settings.plan_dir / "sources.yaml").write_text(SOURCES + SITE.replace("NAME", name))
    return Shop(load_settings(shop.settings.data_dir, shop.settings.plan_dir, None))


def told(shop: Shop, hash_before: str) -> str:
    """What a run says of the plan's change."""
    output = io.StringIO()
    with redirect_stdout(output):
        print_plan_change(shop.settings, hash_before)
    return output.getvalue()


@pytest.fixture(scope="module")
def mending(new_shop) -> Mending:
    shop: Shop = new_shop()
    (shop.settings.data_dir / "raw" / "site").mkdir()
    shop = with_mapping(shop, "what")
    views = list(page_views(SECOND, visitors=10, broken=2))
    views[1]["event_id"] = "sent twice"  # and broken
    shop.write("client", FIRST, page_views(FIRST, visitors=10, broken=4))
    shop.write("client", SECOND, [*views, views[1], "no json"])
    shop.write("site", SITES, [{"name": "page_view", "ts": f"{SITES}T10:00:00Z", "who": "user-1"}])
    reports: dict[str, RunReport] = {}
    tables: dict[str, list[tuple[object, ...]]] = {}

    def step(name: str, **options: object) -> None:
        reports[name] = shop.run(**options)
        tables[name] = shop.published(
            "select source, sum(accepted), sum(duplicates), sum(quarantined), sum(lines)"
            " from ingest_files group by source order by source"
        ) + shop.published("select count(*), sum(events) from sessions")

    step("broken")
    groups = shop.settings.plan_dir / "property_groups.yaml"
    groups.write_text(groups.read_text().replace("required: true, ", ""))
    shop = with_mapping(shop, "name")
    before = last_plan(shop.settings)
    step("mended")
    assert before is not None
    news = [told(shop, before["hash"]), told(shop, load_plan(shop.settings.plan_dir).verdict_hash)]
    advice = [finding.text for finding in examine(shop.settings)]
    assert shop.launch(CLIENT, SITE_ASSET, tags=DaySpan.parse(f"{FIRST}..{SITES}").tags).success
    step("judged anew", partition=DaySpan.parse(f"{FIRST}..{SITES}"))
    return Mending(shop, reports, tables, advice, news)


def test_days_that_were_judged_by_the_present_plan_raise_no_warning(mending):
    check = named(mending.reports["broken"], "lake/client", "quarantine_way_out")
    assert check.passed
    assert mending.reports["broken"].exit_code == FAILED


def test_after_the_plan_is_mended_a_run_says_how_many_would_pass_and_the_command(mending):
    check = named(mending.reports["mended"], "lake/client", "quarantine_way_out")
    assert (check.passed, check.severity) == (False, "WARN")
    assert check.message == (
        "7 quarantined records of 2 days would now pass: "
        f"`event-assets run --partition {FIRST}..{SECOND}`"
    )
    figures = json.loads(json.dumps(check.figures))
    assert (figures["would now pass"], figures["judged otherwise"]) == (7, 8)


def test_after_the_mapping_is_mended_a_run_says_so_too(mending):
    check = named(mending.reports["mended"], "lake/site", "quarantine_way_out")
    assert check.message.startswith("1 quarantined record of 1 day would now pass: ")
    assert f"--partition {SITES}`" in check.message


def test_the_first_run_by_another_plan_says_which_days_the_one_before_judged(mending):
    assert mending.news == [
        "the plan has changed: 3 days of sources stand as the plan before judged them; "
        f"`event-assets run --partition {FIRST}..{SITES}` judges them anew\n",
        "",
    ]


def test_doctor_says_it_as_well(mending):
    [line] = [each for each in mending.advice if each.startswith("client: ")]
    assert "7 quarantined records of 2 days would now pass" in line


def test_judging_the_days_anew_and_once_more_lets_as_many_through_and_each_once(mending):
    def read(step: str) -> dict[str, tuple[int, int]]:
        days = mending.reports[step].ingested
        return {day.day: (day.accepted, day.quarantined) for day in days}

    assert read("broken") == {FIRST: (16, 4), SECOND: (18, 4), SITES: (0, 1)}
    assert read("judged anew") == {FIRST: (20, 0), SECOND: (21, 1), SITES: (1, 0)}
    account = {row[0]: row[1:] for row in mending.tables["judged anew"][:-1]}
    assert account == {"client": (40, 1, 1, 42), "site": (1, 0, 0, 1)}
    assert mending.tables["judged anew"][-1] == (21, 41)
    report = mending.reports["judged anew"]
    assert report.exit_code == OK
    assert named(report, "lake/client", "quarantine_way_out").passed


def test_the_interface_shows_what_would_pass_by_day(mending):
    run_id = mending.reports["mended"].run_id
    with dagster_instance(mending.shop.settings) as instance:
        events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    checks = [event.dagster_event.asset_check_evaluation_data for event in events]
    [found] = [
        check.metadata
        for check in checks
        if (check.asset_key, check.check_name) == (CLIENT, "quarantine_way_out")
    ]
    shown = ("landing day", "judged otherwise", "would now pass")
    days = [tuple(record.data[name] for name in shown) for record in found["by day"].records]
    assert days == [(FIRST, "4", "4"), (SECOND, "4", "3")]
    assert f"event-assets run --partition {FIRST}..{SECOND}" in found["let them through"].value
