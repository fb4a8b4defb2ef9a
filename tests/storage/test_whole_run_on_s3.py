"""The whole job with raw logs, lake and published Parquet in a bucket, against the local one."""

import io
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from s3_server import S3Server

from event_assets.run import RunOptions, run
from event_assets.settings import Settings, load_settings, packaged_plan_dir
from event_assets.simulate.shop import write_shop_logs
from event_assets.storage import ObjectPath, write_whole

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


@pytest.fixture(scope="module")
def shops(
    server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, Settings, str]:
    """The same logs in a data directory and in a bucket, both read to the end."""
    from event_assets.storage import objects

    root = tmp_path_factory.mktemp("shops")
    local = _settings(root / "local", _LOCAL)
    local.data_dir.mkdir()
    write_shop_logs(local.data_dir, visitors=25, days=3)
    (local.data_dir / "identity.key").write_text("ab" * 32)
    objects.client().mkdir("shop-logs")
    url = "s3://shop-logs/a folder"
    for path in (local.data_dir / "raw").rglob("*"):
        if path.is_file():
            name = path.relative_to(local.data_dir).as_posix()
            write_whole(ObjectPath.parse(f"{url}/{name}"), path.read_bytes())
    storage = f'storage: {{lake: "{url}/lake", marts: "{url}/marts"}}\n'
    remote = _settings(root / "remote", storage + _LOCAL.replace('"raw/', f'"{url}/raw/'))
    remote.data_dir.mkdir()
    shutil.copy(local.data_dir / "identity.key", remote.data_dir)
    for settings in (local, remote):
        report = run(settings, RunOptions())
        assert not report.problems
        assert report.published == "changed"
    return local, remote, url


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


def test_a_run_without_news_opens_no_log_and_puts_nothing(
    server: S3Server, shops: tuple[Settings, Settings, str]
):
    _, remote, _ = shops
    gone = remote.marts_dir / "no_longer_a_table.parquet"
    write_whole(gone, b"")
    before = len(server.requests)
    report = run(remote, RunOptions())
    asked = server.requests[before:]
    assert report.exit_code in (0, 1)
    assert report.published == "unchanged"
    assert not [path for method, path in asked if method == "GET" and "/raw/" in path]
    assert not [path for method, path in asked if method in ("PUT", "POST")]
    assert not gone.exists()
    assert date(2026, 10, 1).isoformat() not in str(report.ingested)
