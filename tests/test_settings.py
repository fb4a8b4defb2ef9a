"""sources.yaml and the environment."""

import os
from datetime import date
from pathlib import Path

import pytest

from event_assets.errors import ConfigurationError
from event_assets.ingest import formats
from event_assets.ingest.formats.mapping import MappingReader
from event_assets.settings import (
    DEFAULT_SOURCES,
    Settings,
    Source,
    check_sources,
    load_settings,
    packaged_plan_dir,
)

SOURCE = "sources:\n  - name: site\n    kind: server\n    path: raw/site/{date}.jsonl\n"
FULL = """\
time_zone: Europe/Berlin
currency: EUR
start_date: 2018-11-01
publish: {since: 400 days, user_id: false}
session: {inactivity_minutes: 30, max_hours: 24, split_on_campaign: true, mode: client}
bots: {views_per_minute: 50}
identity: {max_users_per_device: 2, exclude: [{anonymous_id: kiosk, user_id: ada}]}
attribution: {lookback_days: [7, 30, 90], half_life_days: 7}
own_domains: [shop.example.com]
sources:
  - name: client
    kind: client
    opens_sessions: true
    path: raw/client/{date}/*.jsonl*
    format: auto
  - name: site
    kind: server
    opens_sessions: true
    path: raw/site/{date}.jsonl
    format: mapping
    mapping: {event_type: page, client_ts: ts, user_id: userId, session_hint: sessionId,
              user_agent: userAgent}
    drop: [firstName, lastName]
"""


def loaded(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "sources.yaml").write_text(text)
    return load_settings(tmp_path / "data", tmp_path, None)


def source(tmp_path: Path, path: str) -> Source:
    quoted = path.replace("'", "''")
    text = f"sources: [{{name: s, kind: client, path: '{quoted}'}}]\n"
    return loaded(tmp_path, text).config.sources[0]


def touch(data_dir: Path, *names: str) -> None:
    for name in names:
        (data_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (data_dir / name).touch()


def test_the_documented_file_is_read(tmp_path: Path):
    config = loaded(tmp_path, FULL).config
    assert config.time_zone == "Europe/Berlin"
    assert config.start_date == date(2018, 11, 1)
    assert (config.publish.since_days, config.publish.user_id) == (400, False)
    assert config.attribution.lookback_days == (7, 30, 90)
    assert (config.session.mode, config.bots.views_per_minute) == ("client", 50)
    assert (config.bots.events_per_minute, config.bots.views_per_session) == (3600, 1500)
    assert (config.identity.max_users_per_device, config.identity.max_devices_per_user) == (2, 50)
    assert [each.user_id for each in config.identity.exclude] == ["ada"]
    client, site = config.sources
    assert (client.format, client.mapping, client.drop) == ("auto", {}, ())
    assert site.mapping["session_hint"] == "sessionId"
    assert site.drop == ("firstName", "lastName")
    assert site.opens_sessions


def test_without_a_file_the_four_default_sources_hold(tmp_path: Path):
    settings = load_settings(tmp_path / "data", tmp_path, None)
    assert settings.sources_file is None
    assert [(each.name, each.opens_sessions) for each in settings.config.sources] == [
        ("client", True),
        ("server", False),
        ("mobile", True),
        ("ad_platforms", False),
    ]
    assert [each.files(settings.data_dir) for each in settings.config.sources] == [[], [], [], []]
    check_sources(settings)


def test_an_empty_file_is_a_file_of_defaults(tmp_path: Path):
    assert loaded(tmp_path, "# nothing yet\n").config.sources == DEFAULT_SOURCES


MISTAKES = {
    "typo": ("time_zne: UTC\n", "1: time_zne: unknown key; did you mean `time_zone`?"),
    "typo in a source": (
        SOURCE + "    formt: auto\n",
        "5: sources.0.formt: unknown key; did you mean `format`?",
    ),
    "time zone": (
        "time_zone: Europe/Berln\n",
        "1: time_zone: unknown time zone `Europe/Berln`; did you mean `Europe/Berlin`?",
    ),
    "time zone that is a path": (
        "time_zone: ../../etc/passwd\n",
        "1: time_zone: unknown time zone `../../etc/passwd`; write it as `Europe/Berlin`",
    ),
    "currency": (
        "currency: Euro\n",
        "1: currency: not a currency; write the three capital letters of ISO 4217, such as `EUR`",
    ),
    "duration": (
        "publish: {since: 1 year}\n",
        "1: publish.since: not a duration; write a whole number and seconds, minutes, hours, days "
        "or weeks, such as `7 days`",
    ),
    "own domain with scheme": (
        "own_domains: ['https://shop.example.com']\n",
        "1: own_domains: `https://shop.example.com` is no host name; write it as "
        "`shop.example.com`",
    ),
    "kind": (
        SOURCE.replace("server", "sever"),
        "3: sources.0.kind: `sever` is not allowed here; did you mean `server`?",
    ),
    "name": (
        SOURCE.replace("site\n", "My-Site\n"),
        "2: sources.0.name: `My-Site` is no name for a source; use small letters, digits and `_`, "
        "beginning with a letter",
    ),
    "name twice": (
        SOURCE + SOURCE.removeprefix("sources:\n"),
        "1: sources: two sources are called `site`; rename one",
    ),
    "path without a day": (
        SOURCE.replace("{date}", "today"),
        "4: sources.0.path: `raw/site/today.jsonl` has no day; put `{date}` or `{date:%Y%m%d}` "
        "where the day stands",
    ),
    "path with half a day": (
        SOURCE.replace("{date}", "{date:%Y%m}"),
        "4: sources.0.path: `raw/site/{date:%Y%m}.jsonl` has no day; put `{date}` or "
        "`{date:%Y%m%d}` where the day stands",
    ),
    "path with an unknown directive": (
        SOURCE.replace("{date}", "{date:%Y-%b-%d}"),
        "4: sources.0.path: `%b` is not understood in a date; use %Y, %m, %d and %H",
    ),
    "path with another placeholder": (
        SOURCE.replace("{date}", "{date}/{host}"),
        "4: sources.0.path: `raw/site/{date}/{host}.jsonl` has a placeholder other than `{date}`",
    ),
    "url of another storage": (
        SOURCE.replace("raw/", "gs://bucket/"),
        "4: sources.0.path: `gs://bucket/site/{date}.jsonl` is no `s3://bucket/…`, the only kind of "
        "URL that is read",
    ),
    "date in the bucket's name": (
        SOURCE.replace("raw/site/", "s3://logs-"),
        "4: sources.0.path: `s3://logs-{date}.jsonl` is no `s3://bucket/…`, the only kind of URL "
        "that is read",
    ),
    "glob in storage": (
        "storage: {lake: 's3://bucket/*'}\n",
        "1: storage.lake: `s3://bucket/*` is no folder; write it as `s3://bucket/lake`, or as a "
        "local path",
    ),
    "unknown format": (
        SOURCE + "    format: maping\n",
        "5: sources.0.format: unknown format `maping`; did you mean `mapping`?",
    ),
    "mapping to an unknown field": (
        SOURCE + "    format: mapping\n    mapping: {event_typ: page, client_ts: ts}\n",
        "6: sources.0.mapping.event_typ: unknown field; did you mean `event_type`?",
    ),
    "mapping without a time": (
        SOURCE + "    format: mapping\n    mapping: {event_type: page}\n",
        "6: sources.0.mapping: the mapping has neither `client_ts` nor `received_ts`",
    ),
    "format without its mapping": (
        SOURCE + "    format: mapping\n",
        "2: sources.0: `format: mapping` needs a `mapping` of fields",
    ),
    "mapping that is not used": (
        SOURCE + "    mapping: {event_type: page, client_ts: ts}\n",
        "2: sources.0: a mapping is there but not used; set `format: mapping`",
    ),
    "mapped and dropped": (
        SOURCE
        + "    format: mapping\n    mapping: {event_type: e, client_ts: t, user_id: mail}\n"
        + "    drop: [mail]\n",
        "2: sources.0: `mail` is both dropped and mapped to `user_id`",
    ),
    "link with one end": (
        "identity:\n  exclude:\n    - {user_id: ada}\n",
        "3: identity.exclude.0: name two ids: two of anonymous_id, user_id and previous_id",
    ),
    "a limit of nobody": (
        "identity: {max_users_per_device: 0}\n",
        "1: identity.max_users_per_device: Input should be greater than or equal to 1",
    ),
    "list where keys are": ("- name: site\n", "1: expected keys and values, found a list"),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_line_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: str
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value) == f"sources.yaml:{expected}"


def test_a_named_sources_file_must_be_there(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"mine\.yaml: no such file"):
        load_settings(tmp_path, tmp_path, tmp_path / "mine.yaml")


def test_files_come_by_landing_date_and_name(tmp_path: Path):
    data_dir = tmp_path / "d[a]ta"
    touch(
        data_dir,
        "raw/s/2026-11-22/b.jsonl",
        "raw/s/2026-11-22/a.jsonl.gz",
        "raw/s/2026-11-03/z.jsonl",
        "raw/s/2026-11-22/.hidden.jsonl",
        "raw/s/2026-11-22/c.jsonl.tmp",
        "raw/s/2026-11-22/d.jsonl.open",
        "raw/s/2026-11-22/e.txt",
        "raw/s/2026-02-30/a.jsonl",
        "raw/s/today/a.jsonl",
        "raw/s/2026-11-22/f.jsonl/inside",
    )
    assert source(tmp_path, "raw/s/{date}/*.jsonl*").files(data_dir) == [
        (date(2026, 11, 3), data_dir / "raw/s/2026-11-03/z.jsonl"),
        (date(2026, 11, 22), data_dir / "raw/s/2026-11-22/a.jsonl.gz"),
        (date(2026, 11, 22), data_dir / "raw/s/2026-11-22/b.jsonl"),
    ]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("events.log-{date:%Y%m%d}", "events.log-20261122"),
        ("{date:%Y}/{date:%m}/{date:%d}/x.log", "2026/11/22/x.log"),
        ("{date}/{date:%Y%m%d}-?.log", "2026-11-22/20261122-7.log"),
        ("{date:%Y%m%d%H}.log", "2026112223.log"),
        ("{date:%d.%m.%Y}/**/x.log", "22.11.2026/a/b/x.log"),
        ("{date:%d.%m.%Y}/**/x.log", "22.11.2026/x.log"),
        ("logs+(old)/{date}.log", "logs+(old)/2026-11-22.log"),
        ("host-[ab]/{date}.log", "host-b/2026-11-22.log"),
    ],
)
def test_the_day_is_read_from_the_path(tmp_path: Path, pattern: str, name: str):
    touch(tmp_path / "data", name)
    files = source(tmp_path, pattern).files(tmp_path / "data")
    assert files == [(date(2026, 11, 22), tmp_path / "data" / name)]


def test_two_days_in_one_path_must_agree(tmp_path: Path):
    touch(tmp_path / "data", "2026-11-22/2026-11-21.log")
    assert source(tmp_path, "{date}/{date}.log").files(tmp_path / "data") == []


def test_an_absolute_path_leaves_the_data_directory(tmp_path: Path):
    touch(tmp_path / "elsewhere", "2026-11-22.log")
    files = source(tmp_path, f"{tmp_path}/elsewhere/{{date}}.log").files(tmp_path / "data")
    assert files == [(date(2026, 11, 22), tmp_path / "elsewhere" / "2026-11-22.log")]


def test_a_configured_source_needs_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    settings = loaded(tmp_path, SOURCE)
    with pytest.raises(ConfigurationError) as caught:
        check_sources(settings)
    assert str(caught.value) == (
        f"sources.yaml:4: sources.0.path: there is no folder {tmp_path}/data/raw/site; create it, "
        "or correct `path`, which is relative to EVENT_ASSETS_DATA"
    )
    (tmp_path / "data" / "raw" / "site").mkdir(parents=True)
    check_sources(settings)


def test_the_packaged_example_may_lack_folders(tmp_path: Path):
    check_sources(load_settings(tmp_path, packaged_plan_dir(), None))


def test_the_hash_of_a_source_follows_what_changes_reading(tmp_path: Path):
    mapping = "    format: mapping\n    mapping: {event_type: e, client_ts: t}\n"
    (base,) = loaded(tmp_path, SOURCE + mapping).config.sources
    for change, is_same in {
        SOURCE.replace("raw/", "new/") + mapping: True,
        SOURCE.replace("site\n", "web\n") + mapping: True,
        SOURCE + "    opens_sessions: true\n" + mapping: True,
        SOURCE
        + mapping.replace("event_type: e, client_ts: t", "client_ts: t, event_type: e"): True,
        SOURCE + mapping + "    drop: [mail]\n": False,
        SOURCE + mapping.replace("client_ts: t", "client_ts: time"): False,
        SOURCE.replace("server", "client") + mapping: False,
        SOURCE: False,
    }.items():
        (changed,) = loaded(tmp_path, change).config.sources
        assert (changed.config_hash == base.config_hash) == is_same, change


def test_the_environment_names_data_plan_and_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "mine.yaml").write_text("currency: CHF\n")
    monkeypatch.setenv("EVENT_ASSETS_DATA", str(tmp_path / "here"))
    monkeypatch.setenv("EVENT_ASSETS_PLAN", str(tmp_path / "plan"))
    monkeypatch.setenv("EVENT_ASSETS_CONFIG", str(tmp_path / "mine.yaml"))
    settings = Settings.from_environment()
    assert (settings.data_dir, settings.plan_dir) == (tmp_path / "here", tmp_path / "plan")
    assert settings.config.currency == "CHF"
    assert settings.plan_tables_dir == tmp_path / "here" / "lake" / "plan"
    assert settings.warehouse == tmp_path / "here" / "warehouse.duckdb"


def test_an_own_plan_folder_comes_before_the_packaged_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("EVENT_ASSETS_DATA", "EVENT_ASSETS_PLAN", "EVENT_ASSETS_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment().plan_dir == packaged_plan_dir()
    assert Settings.from_environment().data_dir == tmp_path / "data"
    (tmp_path / "tracking_plan").mkdir()
    assert Settings.from_environment().plan_dir == tmp_path / "tracking_plan"


def test_the_packaged_example_is_a_plan():
    assert (packaged_plan_dir() / "plan.yaml").is_file()
    assert os.path.isabs(packaged_plan_dir())


def test_one_data_directory_has_one_name_however_it_is_spelled(tmp_path: Path):
    (tmp_path / "below").mkdir()
    spelled = load_settings(tmp_path / "below" / ".." / "data", tmp_path, None)
    assert spelled.data_dir == tmp_path / "data"


@pytest.mark.parametrize("name", ["it's", "{date}"])
def test_a_data_directory_that_sql_could_not_name_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ConfigurationError, match="quote or a brace"):
        load_settings(tmp_path / name, tmp_path, None)


def test_the_hash_of_a_source_follows_the_mapping_of_its_vendor(monkeypatch: pytest.MonkeyPatch):
    def hashes() -> dict[str, str]:
        base = {"name": "site", "kind": "client", "path": "{date}"}
        names = ("auto", "segment", "mixpanel", "native")
        return {name: Source.model_validate({**base, "format": name}).config_hash for name in names}

    before = hashes()
    segment = next(each for each in formats.readers() if each.name == "segment")
    assert isinstance(segment, MappingReader)
    monkeypatch.setattr(segment, "written", {**segment.written, "user_id": "uid"})
    after = hashes()
    assert {name for name in before if before[name] != after[name]} == {"auto", "segment"}
