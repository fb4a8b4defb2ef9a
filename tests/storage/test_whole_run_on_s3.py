"""The whole job in a bucket against the local one; a person is erased from that before.

Runs cost much, so they prove both: the bucket gets the logs as they were before the erasure, and the
list of erased lines.
"""

import gzip
import io
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from s3_server import S3Server

from event_assets.dbt_manifest import manifest_path, read_manifest
from event_assets.erase_command import erase
from event_assets.erasure import Asked, read_unfinished
from event_assets.ingest import pending_days
from event_assets.publish import publish
from event_assets.publish_rules import PublishRules
from event_assets.run import RunOptions, run
from event_assets.settings import Settings, load_settings, packaged_plan_dir
from event_assets.simulate.shop import write_shop_logs
from event_assets.storage import ObjectPath, write_whole

GONE, DEVICE, CANARY = "gone-4711@example.com", "device-of-gone-4711", "canary-4711@example.com"
# what tells when and where a run was, not what was in the logs
_OWN_OF_A_RUN = {"load_id", "load_key", "loaded_at", "published_at", "content_version", "bytes"}
_LOCAL = """\
own_domains: [shop.example.com]
sources:
  - {name: client, kind: client, path: "raw/client/{date}/*.jsonl*"}
  - {name: server, kind: server, path: "raw/server/{date}/events.log*"}
  - {name: mobile, kind: mobile, path: "raw/mobile/{date}/*.jsonl*"}
  - {name: ad_platforms, kind: ad_report, path: "raw/ad_platforms/{date}/*.csv"}
"""


def _settings(root: Path, sources: str) -> Settings:
    config = root / "sources.yaml"
    root.mkdir(exist_ok=True)
    config.write_text(sources)
    return load_settings(root / "data", packaged_plan_dir(), config)


def _rows(connection: duckdb.DuckDBPyConnection, source: str, url: str) -> list[tuple[Any, ...]]:
    described = connection.execute(f"describe from {source}").fetchall()
    columns = [name for name, *_ in described if name not in _OWN_OF_A_RUN]
    listed = ", ".join(f"replace(\"{name}\"::varchar, '{url}/', '')" for name in columns)
    return connection.execute(f"select {listed} from {source} order by all").fetchall()


def _published(settings: Settings, url: str = "-") -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(settings.analytics), read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        return {name: _rows(connection, f"marts.{name}", url) for (name,) in names}


def _theirs(day: str) -> list[str]:
    """What the person did: was seen, alone and with the id, bought, was rejected, was cut short."""
    noon = int(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp() * 1000)
    view = {
        "event_type": "page_view",
        "user_id": GONE,
        "anonymous_id": DEVICE,
        "page_url": f"https://shop.example.com/?email={CANARY}",
    }
    fields: list[dict[str, Any]] = [
        {},
        {"user_id": None},
        {"event_type": "product_view", "properties": {"product_id": "p1", "price": 5.0}},
        {"event_type": "product_view", "properties": {"price": CANARY}},
    ]
    lines = [
        json.dumps({**view, "timestamp": noon + number, **each})
        for number, each in enumerate(fields)
    ]
    return [*lines, lines[0][:-20]]


def _put_theirs(raw: Path) -> None:
    """Their lines between those of others in a file that is there."""
    path = min((raw / "client").rglob("*.jsonl"))
    theirs, others = _theirs(path.parent.name), path.read_text().splitlines()
    mixed = [each for pair in zip(theirs, others, strict=False) for each in pair]
    path.write_text("".join(f"{each}\n" for each in [*mixed, *others[len(theirs) :]]))


def _deliver_again(raw: Path) -> Path:
    """The same lines under another name, in another order, on a later day, packed."""
    first, *_, last = sorted((raw / "client").iterdir())
    path = last / "again.jsonl.gz"
    path.write_bytes(gzip.compress("\r\n".join(_theirs(first.name)[::-1]).encode() + b"\r\n"))
    return path


@pytest.fixture(scope="module")
def shops(
    server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, Settings, str]:
    """The same logs in a data directory and in a bucket, both read to the end."""
    from event_assets.storage import objects

    root = tmp_path_factory.mktemp("shops")
    local = _settings(root / "local", _LOCAL)
    raw = local.data_dir / "raw"
    local.data_dir.mkdir()
    write_shop_logs(local.data_dir, visitors=15, days=3)
    _put_theirs(raw)
    manifest_path(local)
    shutil.copytree(local.dbt_dir, root / "remote" / "data" / "dbt")
    assert run(local, RunOptions()).published == "changed"
    again = _deliver_again(raw)
    objects.client().mkdir("shop-logs")
    url = "s3://shop-logs/a folder"
    for path in raw.rglob("*"):
        if path.is_file():
            name = path.relative_to(local.data_dir).as_posix()
            write_whole(ObjectPath.parse(f"{url}/{name}"), path.read_bytes())
    assert len({each.partition(": ")[2] for each in _holders(local.data_dir)}) == 3
    assert erase(local, Asked((GONE,)), raw=True, resume=False, is_dry=False) == 0
    again.unlink()
    storage = f'storage: {{lake: "{url}/lake", marts: "{url}/marts"}}\n'
    remote = _settings(root / "remote", storage + _LOCAL.replace('"raw/', f'"{url}/raw/'))
    shutil.copy(local.data_dir / "identity.key", remote.data_dir)
    for path in local.erasures_dir.glob("[!.]*"):
        write_whole(ObjectPath.parse(f"{url}/lake/erasures/{path.name}"), path.read_bytes())
    report = run(remote, RunOptions())
    assert not report.problems
    assert report.published == "changed"
    return local, remote, url


def _holders(folder: Path) -> Iterator[str]:
    """The files whose bytes hold something of the person, or whose rows do: these are compressed."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        if path.suffix == ".parquet":
            content += repr(pq.read_table(path).to_pylist()).encode()
        if path.suffix == ".duckdb":
            content += repr(_all_rows(path)).encode()
        for text in (GONE, DEVICE, CANARY):
            if text.encode() in content:
                yield f"{path.relative_to(folder)}: {text}"


def _all_rows(database: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as stored (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'stored'"
        ).fetchall()
        return [
            row
            for schema, table in tables
            for row in connection.execute(f'from stored."{schema}"."{table}"').fetchall()
        ]


def test_nothing_of_an_erased_person_is_in_any_file_that_we_own(
    shops: tuple[Settings, Settings, str],
):
    for settings in shops[:2]:
        assert list(_holders(settings.data_dir)) == []
        assert read_unfinished(settings) is None
    lake = shops[1].lake
    for path in (*lake.glob("*/*/*/*"), *lake.glob("*/*")):
        file = shops[1].data_dir / path.name
        file.write_bytes(path.read_bytes())
        assert list(_holders(shops[1].data_dir)) == [], path
        file.unlink()


def test_every_published_table_equals_that_of_a_local_run(
    shops: tuple[Settings, Settings, str],
):
    local, remote, url = shops
    expected, found = _published(local), _published(remote, url)
    assert found.keys() == expected.keys()
    assert len(expected["events" if "events" in expected else "sessions"]) > 10
    for name in expected:
        assert found[name] == expected[name], name


def test_the_parquet_in_the_bucket_holds_what_the_published_file_holds(
    shops: tuple[Settings, Settings, str],
):
    _, remote, url = shops
    tables = _published(remote, url)
    copies = {
        path.name.removesuffix(".parquet"): path.read_bytes()
        for path in remote.marts_dir.glob("*.parquet")
    }
    assert copies.keys() == tables.keys() - {"about"}
    with duckdb.connect() as connection:
        for name, content in copies.items():
            file = remote.data_dir / "copy.parquet"
            file.write_bytes(io.BytesIO(content).getvalue())
            assert _rows(connection, f"'{file}'", url) == tables[name], name


def test_no_lake_and_no_published_parquet_is_left_on_the_machine(
    shops: tuple[Settings, Settings, str],
):
    _, remote, _ = shops
    left = [path for path in remote.data_dir.rglob("*.parquet") if path.parent.name != "plan"]
    assert [path.name for path in left] in ([], ["copy.parquet"])
    assert not list(remote.uploads_dir.rglob("*.tmp"))


def test_what_has_no_news_opens_no_log_and_puts_nothing(
    server: S3Server, shops: tuple[Settings, Settings, str]
):
    _, remote, _ = shops
    gone = remote.marts_dir / "no_longer_a_table.parquet"
    write_whole(gone, b"")
    before = len(server.requests)
    assert pending_days(remote) == {}
    rules = PublishRules.from_manifest(read_manifest(remote))
    assert not publish(remote, rules).changed
    asked = server.requests[before:]
    assert asked
    assert not [path for method, path in asked if method == "GET" and "/raw/" in path]
    assert not [path for method, path in asked if method in ("PUT", "POST")]
    assert not gone.exists()
