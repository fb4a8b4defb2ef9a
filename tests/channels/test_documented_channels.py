"""docs/channels.md says what the models do."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from event_assets.channels.judging import Landing, judge
from event_assets.cli import app
from event_assets.dbt_manifest import dbt_project_dir
from event_assets.errors import ConfigurationError
from event_assets.plan.loader import load_plan
from event_assets.plan.tables import channel_rows
from event_assets.settings import Settings, load_settings

PAGE = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
SHOP = "https://shop.example.com"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def plan_with(tmp_path: Path, channels: str) -> Settings:
    (tmp_path / "plan.yaml").write_text("name: shop\nversion: 1\n")
    (tmp_path / "sources.yaml").write_text("own_domains: [shop.example.com]\n")
    (tmp_path / "channels.yaml").write_text(channels)
    return load_settings(tmp_path / "data", tmp_path, None)


def judged(settings: Settings, *landings: Landing) -> list[tuple[str, str, str]]:
    own = channel_rows(load_plan(settings.plan_dir), settings)
    columns = ("channel", "channel_rule", "channel_field")
    return [
        (facts[columns[0]], facts[columns[1]], facts[columns[2]])
        for facts in judge(landings, own, dbt_project_dir())
    ]


def test_the_console_shows_what_the_page_shows() -> None:
    shown = blocks("")[0].splitlines()
    command = re.findall(r"'[^']*'|\S+", shown[0].removeprefix("$ event-assets "))
    told = CliRunner().invoke(app, [word.strip("'") for word in command]).stdout
    assert [line.rstrip() for line in told.splitlines()] == shown[1:]


def test_each_example_gets_what_the_page_says(tmp_path: Path) -> None:
    table = PAGE.partition("## Examples")[2].partition("## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[3:]]
    examples = [row for row in rows if row]
    landings = [
        Landing(SHOP + landing.strip("`"), None if referrer == "–" else referrer.split("`")[1])
        for landing, referrer, *_ in examples
    ]
    found = judged(plan_with(tmp_path, ""), *landings)
    assert found == [tuple(expected) for _, _, *expected in examples]
    assert len(found) == 20


def test_the_example_of_own_lists_does_what_it_says(tmp_path: Path) -> None:
    settings = plan_with(tmp_path, blocks("yaml")[0])
    found = judged(
        settings,
        Landing(SHOP, "https://www.news.example.com/"),
        Landing(SHOP, "https://pricehunter.co.uk/"),
        Landing(SHOP, "android-app://com.example.reader/"),
        Landing(SHOP + "?utm_source=MAG-7"),
        Landing(SHOP, "https://www.amazon.com/"),
        Landing(SHOP, "https://www.amazon.de/"),
        Landing(SHOP + "?utm_campaign=nl-3"),
        Landing(SHOP + "?utm_source=inf_ada&fbclid=1"),
        Landing(SHOP + "?utm_source=club&utm_medium=sponsored"),
    )
    assert [channel for channel, _, _ in found] == [
        *("Organic Social", "Organic Shopping", "Email", "Email", "Referral", "Organic Shopping"),
        *("Email", "Influencers", "Paid Other"),
    ]


def test_the_mistake_that_the_page_shows_is_told_so(tmp_path: Path) -> None:
    shown = re.search(r"^`(channels\.yaml:2: .*)`$", PAGE, re.MULTILINE)
    settings = plan_with(tmp_path, "sites:\n  - {host: a.example, kind: serch, name: a}\n")
    with pytest.raises(ConfigurationError) as refused:
        load_plan(settings.plan_dir)
    assert shown
    assert str(refused.value).endswith(shown[1])
