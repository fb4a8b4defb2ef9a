"""The report says what the published tables say, and what they do not."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from event_assets.errors import ConfigurationError
from event_assets.report.attribution import attribution_section
from event_assets.report.page import report_page

HOSTILE = "<b>&\"'Paid"
TABLES = f"""
create schema marts;
use marts;
create table about as select date '2026-11-01' as as_of, timestamp '2026-11-01 06:00' as published_at;
create table conversions as
  select conversion, is_bot, value_original
  from (values ('purchase', 100, 9.5), ('signup', 7, null)) as kinds(conversion, n, value_original),
    range(n), (values (false)) as bots(is_bot);
create table channel_performance as
  select * from (values
    ('purchase', 'Email', 'last', 30, 20.0), ('purchase', 'Email', 'markov', 30, 12.0),
    ('purchase', '{HOSTILE.replace("'", "''")}', 'last', 30, 60.0),
    ('purchase', '(unattributed)', 'last', 30, 20.0), ('purchase', 'Email', 'shapley', 30, -3.0),
    ('signup', 'Email', 'last', 30, 7.0),
    ('purchase', 'Email', 'last', 90, 25.0)
  ) as rows(conversion, channel, model, lookback_days, conversions);
create table attribution_model_weights as
  select 'markov' as model, 'Email' as channel, 'purchase' as conversion, 30 as lookback_days,
    0.1 as lower, 0.2 as upper, true as is_chosen_order;
create table ad_spend as
  select * from (values ('newsletter', 'Email', 55.0, 10.0), ('meta', 'Paid Social', 70.0, 500.0))
  as rows(platform, channel, claimed_conversions, spend);
create table claimed_vs_attributed as
  select platform, lookback_days, 'linear' as model, claimed, verifiable, attributed
  from (values ('newsletter', 30, 55.0, 40.0, 16.0), ('meta', 30, 70.0, 3.0, 0.0))
  as rows(platform, lookback_days, claimed, verifiable, attributed);
create table incrementality_estimates as
  select 'mail_holdout' as experiment, 'Email' as channel, 'purchase' as conversion, date '2026-10-20' as ended_on,
    1000 as treated, 60 as treated_converted, 500 as control, 25 as control_converted, 0.01 as lift,
    -0.015 as lower, 0.035 as upper, 10.0 as incremental_conversions, null::double as iroas, 0.03 as mde,
    true as valid, true as is_complete, 'not told from nothing' as verdict;
"""


@pytest.fixture
def analytics(tmp_path: Path) -> Path:
    path = tmp_path / "analytics.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(re.sub(r"\d+\.\d+", r"\g<0>e0", TABLES))  # doubles, as in the marts
    return path


def change(analytics: Path, sql: str) -> None:
    with duckdb.connect(str(analytics)) as connection:
        connection.execute(f"use marts; {sql}")


class Cells(HTMLParser):
    """The text of each table's rows, cell by cell."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += f"{data.strip()} " if data.strip() else ""

    def row(self, first: str) -> list[str]:
        (found,) = [row for row in self.rows if row[:1] == [f"{first} "]][:1]
        return [cell.strip() for cell in found]


def test_the_claim_stands_beside_the_models_with_intervals_and_what_is_measured(
    analytics: Path,
) -> None:
    found = Cells(report_page(analytics))
    assert found.row("channel") == [
        *("channel", "claimed", "last", "markov", "shapley", "spend", "what an experiment says")
    ]
    assert found.row("Email") == [
        *("Email", "55", "20.0", "12.0 8.0 – 16.0", "-3.0", "10"),
        "not told from nothing: +10 [-15, +35] of 1,000 people",
    ]
    assert found.row("Paid Social") == ["Paid Social", "70", "", "", "", "500", "not measured"]
    assert found.row(HOSTILE) == [HOSTILE, "", "60.0", "", "", "", "not measured"]
    assert found.row("(unattributed)")[-1] == ""


def test_platforms_are_told_with_what_can_be_verified(analytics: Path) -> None:
    page = report_page(analytics)
    found = Cells(page)
    assert found.row("newsletter") == ["newsletter", "10", "55", "40", "15", "16.0", "3.4"]
    assert found.row("meta") == ["meta", "500", "70", "3", "67", "0.0", ""]
    assert "Together they claim 125 conversions; 100 with a value were made at all" in page


def test_an_experiment_is_told_with_its_interval(analytics: Path) -> None:
    assert Cells(report_page(analytics)).row("mail_holdout") == [
        *("mail_holdout", "Email", "1,000 60 converted", "500 25 converted"),
        *("+1.00% -1.50% – +3.50%", "3.00%", "10.0", "", "not told from nothing"),
    ]


def test_an_experiment_that_is_not_valid_or_not_over_measures_nothing(analytics: Path) -> None:
    change(analytics, "update incrementality_estimates set valid = false")
    assert Cells(report_page(analytics)).row("Email")[-1] == "not measured"
    change(analytics, "update incrementality_estimates set valid = true, is_complete = false")
    assert Cells(report_page(analytics)).row("Email")[-1] == "not measured"


def test_claims_are_nobodys_where_several_conversions_have_a_value(analytics: Path) -> None:
    change(analytics, "update conversions set value_original = 1 where conversion = 'signup'")
    with duckdb.connect(str(analytics), read_only=True) as connection:
        section = attribution_section(connection.execute("use marts"))
    assert [each.has_claims for each in section.conversions] == [False, False]
    assert section.sales == 107


def test_the_lookback_can_be_chosen(analytics: Path) -> None:
    assert Cells(report_page(analytics, 90)).row("Email")[:3] == ["Email", "55", "25.0"]


def test_the_chart_has_a_mark_for_each_number_and_escapes_names(analytics: Path) -> None:
    page = report_page(analytics)
    assert "<b>" not in page
    chart = ElementTree.fromstring(re.findall(r"<svg.*?</svg>", page, re.S)[0])
    titles = {unescape(each.text or "") for each in chart.iter("{http://www.w3.org/2000/svg}title")}
    assert titles == {
        *("Email, last: 20.0", "Email, markov: 12.0", "Email, shapley: -3.0", "Email, claimed: 55"),
        *("Paid Social, claimed: 70", f"{HOSTILE}, last: 60.0", "(unattributed), last: 20.0"),
    }


def test_tables_without_rows_make_a_page_too(analytics: Path) -> None:
    with duckdb.connect(str(analytics)) as connection:
        names = connection.execute("select table_name from duckdb_tables()").fetchall()
        for (name,) in names:
            connection.execute(f"delete from marts.{name}")
    page = report_page(analytics)
    assert "There is no conversion yet" in page
    assert "No channel is measured" in page


def test_without_published_tables_there_is_a_way_to_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="`event-assets run` publishes it"):
        report_page(tmp_path / "analytics.duckdb")
