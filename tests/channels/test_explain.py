"""`event-assets channels explain`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from event_assets.cli import app
from event_assets.errors import ConfigurationError

GMAIL = "android-app://com.google.android.gm/"
SHOP = "https://shop.example.com/"
CHANNELS = """\
sites:
  - {host: bücher.example, kind: shopping, name: books}
rules:
  - {name: codes, channel: Letters, campaign: '^nl-', paid: false}
  - {name: email_site, channel: Mine, campaign: never}
"""


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["channels", "explain", *arguments])


@pytest.fixture
def own_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "plan"
    folder.mkdir()
    (folder / "plan.yaml").write_text("name: shop\nversion: 1\n")
    (folder / "channels.yaml").write_text(CHANNELS)
    (folder / "sources.yaml").write_text("own_domains: [pay.example]\n")
    monkeypatch.chdir(tmp_path)
    return folder


def line_of(place: str) -> str:
    path, _, line = place.rpartition(":")
    return Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1]


def test_it_tells_the_channel_the_rule_the_field_and_where_they_stand() -> None:
    told = ask(SHOP + "?gclid=1", "--referrer", "https://m.youtube.com/").stdout
    assert told.splitlines()[0] == "Paid Video"
    assert "paid_video (dbt_project/seeds/channel_rules.csv:" in told
    assert "site_kind: video, paid: true" in told
    assert "video, by referrer through `youtube.*` (dbt_project/seeds/channel_sites.csv:" in told
    assert "yes, by click_id" in told


def test_places_are_the_lines_of_the_rule_and_of_the_entry() -> None:
    for query, referrer, rule, entry in (
        ("", GMAIL, ",email_site,", "com.google.android.gm,mail,"),
        ("?utm_source=FB&utm_medium=cpc", SHOP, ",paid_social,", "fb,facebook"),
        ("?utm_source=youtube", SHOP, ",organic_video_site,", "youtube.*,video,youtube"),
        ("?ttclid=1", SHOP, ",paid_social,", "ttclid,social"),
    ):
        told = json.loads(ask(SHOP + query, "--referrer", referrer, "--json").stdout)
        assert rule in line_of(told["rule_place"])
        assert line_of(told["site_place"]).startswith(entry)


def test_json_tells_what_was_read_and_what_became_of_it() -> None:
    told = json.loads(ask(SHOP + "?utm_campaign=NULL&utm_medium=Email&fbclid=1", "--json").stdout)
    assert told["url"] == SHOP + "?utm_campaign=NULL&utm_medium=Email&fbclid=1"
    read = ("utm_source", "utm_medium", "utm_campaign", "click_id_type", "page_host")
    assert [told[name] for name in read] == [None, "email", None, "fbclid", "shop.example.com"]
    assert [told[name] for name in ("channel", "channel_field", "is_paid")] == [
        "Email",
        "utm_medium",
        False,
    ]


def test_own_rules_sites_and_domains_are_told_by_their_line(own_plan: Path) -> None:
    plan = ("--plan", str(own_plan), "--json")
    code = json.loads(ask(SHOP + "?utm_campaign=NL-1", *plan).stdout)
    assert (code["channel"], code["rule_place"]) == ("Letters", "plan/channels.yaml:4")
    assert code["conditions"] == {"campaign": "^nl-", "paid": "false"}
    books = json.loads(ask(SHOP, "--referrer", "https://xn--bcher-kva.example/", *plan).stdout)
    assert (books["channel"], books["site_place"]) == ("Organic Shopping", "plan/channels.yaml:2")
    paid = ask(SHOP, "--referrer", "https://www.pay.example/", "--plan", str(own_plan)).stdout
    assert "www.pay.example, a domain of your own" in paid


def test_an_own_rule_named_like_a_shipped_one_is_not_mistaken_for_it(own_plan: Path) -> None:
    told = json.loads(ask(SHOP, "--referrer", GMAIL, "--plan", str(own_plan), "--json").stdout)
    assert (told["channel"], told["channel_rule"]) == ("Email", "email_site")
    assert "seeds/channel_rules.csv:" in told["rule_place"]


def test_what_is_no_whole_url_is_refused_with_an_example() -> None:
    refused = ask("shop.example.com/?gclid=1")
    assert refused.exit_code == 2
    assert "write it as https://shop.example.com/" in refused.output


def test_a_mistake_in_the_lists_names_file_and_line(own_plan: Path) -> None:
    (own_plan / "channels.yaml").write_text("sites:\n  - {host: 'a b', kind: search, name: a}\n")
    refused = ask(SHOP, "--plan", str(own_plan))
    assert isinstance(refused.exception, ConfigurationError)
    assert str(refused.exception).startswith("plan/channels.yaml:2: sites.0.host: `a b` is no host")
