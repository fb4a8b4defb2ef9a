"""The dbt project that ships with the package, and its manifest."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from event_assets.progress import report
from event_assets.settings import Settings

_WRITTEN_BY_DBT = frozenset({"target", "logs"})


def dbt_project_dir() -> Path:
    """The dbt project: inside an installed package, beside it in a source checkout."""
    package = Path(__file__).absolute().parent
    inside = package / "dbt_project"
    return inside if inside.is_dir() else package.parent / "dbt_project"


def dbt_executable() -> Path:
    """dbt under the warehouse's lock, from the environment of this interpreter."""
    return Path(sys.executable).with_name("event-assets-dbt")


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The environment variables that the dbt project reads."""
    return {
        "EVENT_ASSETS_WAREHOUSE": str(settings.warehouse),
        "EVENT_ASSETS_LAKE": str(settings.lake),
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
        # dbt parses what changed only, where it finds this beside its results
        runs = settings.dbt_dir / "target"
        runs.mkdir(exist_ok=True)
        shutil.move(Path(target) / "partial_parse.msgpack", runs / "partial_parse.msgpack")
        os.replace(Path(target) / "manifest.json", manifest)
