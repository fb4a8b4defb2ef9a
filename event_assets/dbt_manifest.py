"""The dbt project that ships with the package, and its manifest."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.progress import report
from event_assets.settings import Settings

PARTIAL_PARSE = "partial_parse.msgpack"
"""Where dbt finds this beside its results, it parses only what changed."""
_WRITTEN_BY_DBT = frozenset({"target", "logs"})


def dbt_project_dir() -> Path:
    """The dbt project: inside an installed package, beside it in a source checkout."""
    package = Path(__file__).absolute().parent
    inside = package / "dbt_project"
    return inside if inside.is_dir() else package.parent / "dbt_project"


def dbt_executable() -> Path:
    """dbt under the warehouse's lock, from the environment of this interpreter.

    Raises ConfigurationError where the package is there but not installed.
    """
    command = Path(sys.executable).with_name("event-assets-dbt")
    if not command.is_file():
        raise ConfigurationError(
            f"there is no {command}", remedy="install the package: `pip install -e .`"
        )
    return command


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The environment variables that the dbt project reads."""
    return {
        "EVENT_ASSETS_WAREHOUSE": str(settings.warehouse),
        "EVENT_ASSETS_LAKE": str(settings.lake),
        "EVENT_ASSETS_LOCAL_LAKE": str(settings.local_lake),
        "EVENT_ASSETS_DBT_TARGET": "duckdb"
        if settings.lake == settings.local_lake
        else "duckdb_on_s3",
        "DBT_LOG_LEVEL_FILE": "info",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def manifest_path(settings: Settings) -> Path:
    """The manifest of the dbt project as it is now.

    One that was shipped is used as it is. Otherwise it is kept in the data directory and made
    again after each change of the project's files or of dbt: that takes some seconds.
    """
    project = dbt_project_dir()
    fingerprint = project_fingerprint(project)
    own = settings.dbt_dir / "manifest.json"
    for manifest in (project / "target" / "manifest.json", own):
        if _read(_fingerprint_file(manifest)) == fingerprint and manifest.is_file():
            return manifest
    report("Reading the dbt project (once after each change of it)")
    _parse(project, settings, own)
    _fingerprint_file(own).write_text(fingerprint, encoding="utf-8")
    return own


def read_manifest(settings: Settings) -> dict[str, Any]:
    """The manifest, with a model for every test to be a check of.

    A test of its own that reads several models belongs to the first that it names; dagster-dbt
    would show no check for it.
    """
    manifest: dict[str, Any] = json.loads(manifest_path(settings).read_bytes())
    for node in manifest["nodes"].values():
        is_singular = node["resource_type"] == "test" and not node.get("attached_node")
        meta: dict[str, Any] = node["config"].setdefault("meta", {})
        if is_singular and node["refs"] and "dagster" not in meta:
            meta["dagster"] = {"ref": {"name": node["refs"][0]["name"]}}
    return manifest


def project_fingerprint(project: Path) -> str:
    """A hash of all that a manifest depends on: the project's files and dbt's version."""
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    for path in sorted(project.rglob("*")):
        relative = path.relative_to(project)
        if relative.parts[0] in _WRITTEN_BY_DBT or path.name.startswith(".") or path.is_dir():
            continue
        content = path.read_bytes()
        digest.update(f"\n{relative.as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _fingerprint_file(manifest: Path) -> Path:
    return manifest.with_suffix(".fingerprint")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _parse(project: Path, settings: Settings, manifest: Path) -> None:
    settings.dbt_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.dbt_dir, prefix=".parse-") as target:
        folders = ["--project-dir", project, "--profiles-dir", project]
        outputs = ["--target-path", target, "--log-path", target]
        done = subprocess.run(
            [dbt_executable(), "parse", *folders, *outputs],
            env={**os.environ, **dbt_environment(settings)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"dbt can't read the project in {project}:\n{done.stdout}")
        os.replace(Path(target) / PARTIAL_PARSE, settings.dbt_dir / PARTIAL_PARSE)
        os.replace(Path(target) / "manifest.json", manifest)
