"""What the checks conclude and show, on loads made by hand."""

import base64
import re
from datetime import date
from xml.etree import ElementTree

import dagster as dg
import pytest

from event_assets.checks.account import check_account
from event_assets.checks.charts import share_chart
from event_assets.checks.days import source_days
from event_assets.checks.incomplete import check_incomplete
from event_assets.checks.markdown import markdown_table, percent
from event_assets.checks.offenders import Offender
from event_assets.checks.rewritten import check_rewritten
from event_assets.checks.violations import Verdict, check_unplanned, check_violations
from event_assets.checks.way_out import check_way_out, refused_by_another_plan
from event_assets.ingest.admission import day_shares
from event_assets.ingest.loads import LoadRecord
from event_assets.ingest.second_look import LookedDay
from event_assets.plan.loader import load_plan
from event_assets.settings import packaged_plan_dir

CLIENT = dg.AssetKey(["lake", "client"])


def load(day: date, **counts: int) -> LoadRecord:
    """A load of a hundred records whose account adds up, unless `counts` say otherwise."""
    whole = {
        "lines": 100,
        "blank": 0,
        "unreadable": 0,
        "data_lines": 100,
        "records": 100,
        "candidates": 100 - counts.get("quarantined", 0),
        "quarantined": 0,
        "flagged": 0,
        "unplanned": 0,
        **counts,
    }
    return LoadRecord.model_validate(
        {
            **whole,
            "load_id": f"load-{day}",
            "generation": 1,
            "source": "client",
            "kind": "client",
            "landing_date": day,
            "file": f"raw/client/{day}/a.jsonl",
            "from_byte": 0,
            "to_byte": 10,
            "bytes": 10,
            "size": 10,
            "mtime_ns": 1,
            "inode": 1,
            "sha256": "",
            "plan_hash": "plan",
            "config_hash": "config",
            "violations": {},
            "formats": {},
            "event_parts": (),
            "quarantine_parts": (),
            "ad_report_parts": (),
            "first_ts": None,
            "last_ts": None,
            "loaded_at": "2026-10-01T00:00:00+00:00",
            "is_complete": True,
        }
    )


@pytest.fixture(scope="module")
def plan():
    return load_plan(packaged_plan_dir())


def test_an_account_that_adds_up_passes():
    result = check_account(CLIENT, source_days([load(date(2026, 10, 1), quarantined=3)]))
    assert result.passed


def test_a_lost_line_fails_the_account_and_names_the_file_and_the_day():
    good, bad = load(date(2026, 10, 1)), load(date(2026, 10, 2), lines=101)
    result = check_account(CLIENT, source_days([good, bad]))
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.ERROR
    assert "raw/client/2026-10-02/a.jsonl" in (result.description or "")
    assert "`event-assets run --partition 2026-10-02`" in (result.description or "")


@pytest.mark.parametrize(
    ("share", "is_admitted", "passed", "severity"),
    [
        (0.0, True, True, "WARN"),
        (0.01, True, True, "WARN"),
        (0.02, True, False, "WARN"),
        (0.2, True, False, "WARN"),
        (0.2, False, False, "ERROR"),
    ],
)
def test_a_day_warns_above_one_threshold_and_fails_where_it_is_refused(
    plan, tmp_path, share, is_admitted, passed, severity
):
    day = date(2026, 10, 1)
    days = source_days([load(day, quarantined=int(share * 100))])
    verdicts = {day: Verdict(share, is_admitted, None if is_admitted else "violations")}
    result = check_violations(CLIENT, days, verdicts, plan, tmp_path)
    assert (result.passed, result.severity.value) == (passed, severity)


def test_a_warning_of_long_ago_is_not_repeated_for_ever(plan, tmp_path):
    days = [date(2026, 8, 1), *(date(2026, 10, number) for number in range(1, 32))]
    verdicts = {day: Verdict(0.0, True, None) for day in days} | {
        days[0]: Verdict(0.03, True, None)
    }
    result = check_violations(
        CLIENT, source_days([load(day) for day in days]), verdicts, plan, tmp_path
    )
    assert result.passed


def test_a_day_of_events_that_the_plan_does_not_know_warns(plan, tmp_path):
    loads = [load(date(2026, 10, 1), flagged=6, unplanned=6), load(date(2026, 10, 2))]
    shares = list(day_shares(loads).values())
    result = check_unplanned(CLIENT, shares, source_days(loads), plan, tmp_path)
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert "6.0% on 2026-10-01" in (result.description or "")


@pytest.mark.parametrize("name", ["login bob@example.com", "paid_4111111111111111"])
def test_names_that_hold_personal_data_are_withheld_and_their_place_is_told(
    plan, tmp_path, monkeypatch, name
):
    found = [
        Offender(name, "", "unplanned_event", 4, "raw/a.jsonl:7"),
        Offender("view", name, "unplanned_property", 3, "raw/a.jsonl:9"),
    ]
    monkeypatch.setattr("event_assets.checks.violations.worst_offenders", lambda *_: found)
    loads = [load(date(2026, 10, 1), flagged=6, unplanned=6, quarantined=20)]
    days = source_days(loads)
    refused = {days[0].day: Verdict(0.2, False, "violations")}
    for result in (
        check_unplanned(CLIENT, list(day_shares(loads).values()), days, plan, tmp_path),
        check_violations(CLIENT, days, refused, plan, tmp_path),
    ):
        message = result.description or ""
        table = str(result.metadata["worst offenders"].value)
        assert name not in message + table.replace("\\", "")
        assert "unplanned_event (withheld) (4, as in raw/a.jsonl:7)" in message
        assert "unplanned_property view (withheld) (3, as in raw/a.jsonl:9)" in message
        assert "| (withheld) |  | unplanned\\_event | 4 | raw/a.jsonl:7 |" in table


def test_names_from_logs_cannot_break_out_of_a_table():
    table = markdown_table(
        ["event"], [["a | b\n| c"], ["<script>x</script>"], ["[x](y) `z`"], [None]]
    )
    assert table.count("\n") == 5
    for line in table.splitlines():
        assert len(re.findall(r"(?<!\\)\|", line)) == 2
    assert "<script>" not in table.replace("\\<", "")
    assert "\\[x\\](y) \\`z\\`" in table


def test_the_chart_is_an_image_with_a_bar_for_each_day():
    shares = [(date(2026, 10, 1), 0.001), (date(2026, 10, 2), 0.2)]
    markdown = share_chart("shares", shares, warn=0.01, error=0.05)
    encoded = re.fullmatch(r"!\[shares\]\(data:image/svg\+xml;base64,(.*)\)", markdown)
    assert encoded is not None
    svg = ElementTree.fromstring(base64.b64decode(encoded[1]))
    bars = svg.findall("{http://www.w3.org/2000/svg}rect")
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert len(bars) == 2
    assert heights[1] > heights[0] > 0
    assert all(float(bar.attrib["y"]) >= 0 for bar in bars)


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0.0%"), (0.05, "5.0%"), (0.00004, "0.004%"), (1, "100.0%")]
)
def test_small_shares_are_told_from_none(share, text):
    assert percent(share) == text


def version(revision: int, kind: str = "client") -> LoadRecord:
    """A version of one file, after as many rewritings."""
    changes = {"revision": revision, "load_id": f"version-{revision}", "kind": kind}
    return load(date(2026, 10, 1)).model_copy(update=changes)


def test_a_file_that_changed_after_it_was_read_is_named_with_the_command_that_settles_it():
    result = check_rewritten(CLIENT, source_days([version(0), version(1)]))
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "raw/client/2026-10-01/a.jsonl" in result.description
    assert "event-assets run --partition 2026-10-01" in result.description


def test_a_file_that_is_cut_short_is_named_until_its_rest_is_there():
    cut = version(0).model_copy(
        update={"incomplete": "its gzip data are cut short", "to_byte": 12345}
    )
    result = check_incomplete(CLIENT, source_days([cut]))
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "raw/client/2026-10-01/a.jsonl: its gzip data are cut short" in result.description
    assert "12,345 bytes" in result.description
    assert check_incomplete(CLIENT, source_days([cut, version(0)])).passed


def test_the_place_and_times_of_a_change_are_its_evidence():
    before = version(0).model_copy(update={"loaded_at": "2026-10-01T01:00:00Z"})
    after = version(1).model_copy(
        update={"changed_bytes": (1000, 2000), "loaded_at": "2026-10-01T02:00:00Z"}
    )
    result = check_rewritten(CLIENT, source_days([before, after]))
    assert "between bytes 1,000 and 2,000" in result.description
    table = result.metadata["changed"].value
    assert "1,000 to 2,000 | 2026-10-01T01:00:00Z | 2026-10-01T02:00:00Z" in table


def test_a_rotated_log_is_noted_without_a_warning():
    rotated = version(1).model_copy(update={"moved_to": "raw/client/2026-10-01/a.jsonl.1"})
    result = check_rewritten(CLIENT, source_days([version(0), rotated]))
    assert result.passed
    assert "once a log was rotated" in result.description
    assert "a.jsonl.1" in result.metadata["moved"].value


@pytest.mark.parametrize(
    "loads",
    [
        pytest.param([version(0)], id="never rewritten"),
        pytest.param([version(1)], id="the version as it is now counts alone"),
        pytest.param([version(0, "ad_report"), version(1, "ad_report")], id="a restated report"),
    ],
)
def test_files_of_which_one_version_counts_raise_no_warning(loads):
    assert check_rewritten(CLIENT, source_days(loads)).passed


def looked(day: date, would_pass: int, looked_at: int = 10) -> LookedDay:
    """A second look at ten quarantined records of a day."""
    return LookedDay("client", day, 10, looked_at, would_pass, 0)


def test_quarantined_records_that_would_pass_are_told_with_the_command_for_all_their_days():
    days = [date(2026, 10, number) for number in range(1, 5)]
    result = check_way_out(CLIENT, [looked(days[0], 4), looked(days[2], 1)], days)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.description == (
        "5 quarantined records of 2 days would now pass: "
        "`event-assets run --partition 2026-10-01..2026-10-03`"
    )


def test_a_second_look_that_was_cut_says_at_least():
    day = date(2026, 10, 1)
    result = check_way_out(CLIENT, [looked(day, 4, looked_at=6)], [day])
    assert (result.description or "").startswith("at least 4 quarantined records of 1 day ")


def test_records_that_would_not_pass_are_no_warning():
    day = date(2026, 10, 1)
    assert check_way_out(CLIENT, [], [day]).passed
    result = check_way_out(CLIENT, [looked(day, 0)], [day])
    assert result.passed
    assert result.description == "none of 10 quarantined records would now pass"


def test_what_would_pass_of_long_ago_is_told_without_a_warning():
    old, new = date(2026, 8, 1), date(2026, 10, 1)
    result = check_way_out(CLIENT, [looked(old, 4)], [old, new])
    assert result.passed
    assert "--partition 2026-08-01`" in (result.description or "")


def test_a_day_that_another_plan_keeps_out_of_the_marts_has_a_way_in(plan):
    day = date(2026, 10, 1)
    days = source_days([load(day, flagged=20)])
    verdicts = {day: Verdict(0.2, False, "violations 20.0 % > 5.0 %")}
    refused = refused_by_another_plan(days, verdicts, plan)
    assert refused == {day}
    result = check_way_out(CLIENT, [], [day], refused)
    assert not result.passed
    assert "2026-10-01 not in the marts by an earlier plan's verdict" in (result.description or "")
    assert "--partition 2026-10-01`" in (result.description or "")


def test_a_day_that_the_present_plan_keeps_out_has_none(plan):
    day = date(2026, 10, 1)
    record = load(day, flagged=20).model_copy(update={"plan_hash": plan.verdict_hash})
    verdicts = {day: Verdict(0.2, False, "violations 20.0 % > 5.0 %")}
    assert refused_by_another_plan(source_days([record]), verdicts, plan) == set()
