"""Ad reports: rows checked one by one, a wrong header refused."""

import json
from datetime import date

import pytest
from ingest_workspace import DAY, Workspace

from event_assets.errors import ConfigurationError

HEADER = (
    "date,platform,account,campaign_id,campaign,channel,impressions,clicks,spend,currency,"
    "claimed_conversions,claimed_value\n"
)
ROW = "2026-09-30,google,acc,c1,brand,Paid Search,1000,50,12.5,EUR,2.5,99\n"
SOURCE = "ad_platforms"


def read(workspace: Workspace, text: str | bytes, name: str = "a.csv") -> None:
    workspace.write(text if isinstance(text, bytes) else text.encode(), name, SOURCE)
    workspace.ingest(SOURCE)


def test_a_row_becomes_typed_columns(workspace: Workspace) -> None:
    read(workspace, HEADER + ROW)
    (row,) = workspace.rows("ad_reports")
    (record,) = workspace.records()
    assert {name: row[name] for name in HEADER.strip().split(",")} == {
        "date": date(2026, 9, 30),
        "platform": "google",
        "account": "acc",
        "campaign_id": "c1",
        "campaign": "brand",
        "channel": "Paid Search",
        "impressions": 1000,
        "clicks": 50,
        "spend": 12.5,
        "currency": "EUR",
        "claimed_conversions": 2.5,
        "claimed_value": 99.0,
    }
    assert (row["line"], row["landing_date"], row["file_sha256"]) == (2, DAY, record.sha256)
    assert (record.lines, record.records, record.candidates) == (1, 1, 1)
    assert record.kind == "ad_report"


BAD_ROWS = {
    "30.9.2026,google,,,,,,,,,,\n": ("type_mismatch", "date"),
    "2026-02-30,google,,,,,,,,,,\n": ("type_mismatch", "date"),
    ",google,,,,,,,,,,\n": ("required_missing", "date"),
    "2026-09-30,,,,,,,,,,,\n": ("required_missing", "platform"),
    "2026-09-30,google,,,,,1.5,,,,,\n": ("type_mismatch", "impressions"),
    "2026-09-30,google,,,,,,-1,,,,\n": ("type_mismatch", "clicks"),
    '2026-09-30,google,,,,,,,"1,5",EUR,,\n': ("type_mismatch", "spend"),
    "2026-09-30,google,,,,,,,nan,EUR,,\n": ("type_mismatch", "spend"),
    "2026-09-30,google,,,,,,,1_000,EUR,,\n": ("type_mismatch", "spend"),
    "2026-09-30,google,,,,,,,-1,EUR,,\n": ("value_invalid", "spend"),
    "2026-09-30,google,,,,,,,1,,,\n": ("required_missing", "currency"),
    "2026-09-30,google,,,,,,,1,euro,,\n": ("value_invalid", "currency"),
    "2026-09-30,google\n": ("malformed", None),
    ROW.strip() + ",1\n": ("malformed", None),
}


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_a_bad_row_is_kept_verbatim_with_its_reason(workspace: Workspace, bad: str) -> None:
    read(workspace, HEADER + ROW + "\n" + bad + ROW)
    (rejected,) = workspace.rows("quarantine")
    (record,) = workspace.records()
    assert rejected["raw"] == bad.strip()
    assert (rejected["line"], rejected["byte_offset"]) == (4, len(HEADER + ROW) + 1)
    (violation,) = json.loads(rejected["violations"])
    assert (violation["type"], violation["property"]) == BAD_ROWS[bad]
    assert (record.lines, record.blank, record.candidates, record.quarantined) == (4, 1, 2, 1)
    assert record.unreadable == (violation["type"] == "malformed")
    assert record.account_errors() == []


def test_a_row_that_is_not_utf_8_is_kept_in_base64(workspace: Workspace) -> None:
    read(workspace, HEADER.encode() + ROW.replace("brand", "café").encode("latin-1"))
    (rejected,) = workspace.rows("quarantine")
    assert rejected["raw_encoding"] == "base64"


def test_quotes_may_hold_commas_newlines_and_a_mark_may_stand_in_front(
    workspace: Workspace,
) -> None:
    row = ROW.replace("brand", '"brand, ""new""\nline"').replace("\n", "\r\n")
    read(workspace, b"\xef\xbb\xbf" + (HEADER + row + ROW).encode())
    first, second = workspace.rows("ad_reports")
    assert first["campaign"] == 'brand, "new"\r\nline'
    assert (first["line"], second["line"]) == (2, 4)


def test_columns_may_stand_in_any_order_beside_others(workspace: Workspace) -> None:
    names = [*reversed(HEADER.strip().split(",")), "note"]
    values = [*reversed(ROW.strip().split(",")), "x"]
    read(workspace, ",".join(names).upper() + "\n" + ",".join(values) + "\n")
    (row,) = workspace.rows("ad_reports")
    assert (row["platform"], row["clicks"]) == ("google", 50)


def test_a_header_without_the_columns_is_refused_with_file_and_line(workspace: Workspace) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(workspace, "\n" + HEADER.replace(",spend", ",cost") + ROW)
    assert (caught.value.line, caught.value.message) == (2, "the report has no column `spend`")
    assert "claimed_value" in (caught.value.remedy or "")
    assert workspace.records() == []


def test_a_report_that_came_again_is_read_whole(workspace: Workspace) -> None:
    read(workspace, HEADER + ROW)
    read(workspace, HEADER + ROW + ROW.replace("c1", "c2"))
    records = workspace.records()
    assert [(each.revision, each.from_byte, each.candidates) for each in records] == [
        (0, 0, 1),
        (1, 0, 2),
    ]
    assert [each.changed_prefix for each in records] == [False, False]
    assert workspace.pending() == {}


def test_an_empty_report_is_no_trouble(workspace: Workspace) -> None:
    read(workspace, HEADER)
    read(workspace, b"", "b.csv")
    assert [(each.lines, each.records) for each in workspace.records()] == [(0, 0), (0, 0)]
