"""Where things are: the data directory, the plan folder, sources.yaml and what it says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from event_assets.errors import ConfigurationError, shown_path
from event_assets.sources import DEFAULT_SOURCES, Source
from event_assets.sources_config import SourcesConfig
from event_assets.storage import AnyPath, ObjectPath, StorageError, is_url, location
from event_assets.yaml_files import read_yaml

__all__ = [
    "DEFAULT_SOURCES",
    "Settings",
    "Source",
    "check_plan_is_named",
    "check_sources",
    "chosen_plan_dir",
    "last_plan",
    "load_settings",
    "packaged_plan_dir",
]


@dataclass(frozen=True)
class Settings:
    """Where things are and which sources there are. All paths are absolute."""

    data_dir: Path
    plan_dir: Path
    config: SourcesConfig
    sources_file: Path | None

    @classmethod
    def from_environment(
        cls, *, data_dir: Path | None = None, plan_dir: Path | None = None
    ) -> Settings:
        """The settings of these folders, else those that EVENT_ASSETS_DATA, _PLAN and _CONFIG name.

        Raises ConfigurationError for a sources file that is missing or has a mistake.
        """
        config_file = os.environ.get("EVENT_ASSETS_CONFIG")
        return load_settings(
            data_dir or Path(os.environ.get("EVENT_ASSETS_DATA") or "data"),
            chosen_plan_dir(plan_dir),
            Path(config_file) if config_file else None,
        )

    @property
    def lake(self) -> AnyPath:
        """Everything that ingest writes."""
        return location(self.config.storage.lake, self.data_dir)

    @property
    def local_lake(self) -> Path:
        """The lake, or what of one in a bucket stays here: locks, the compiled plan, what costs only time."""
        return self.lake if isinstance(self.lake, Path) else self.data_dir / "lake"

    @property
    def uploads_dir(self) -> Path:
        """Parts that are being written and go to a bucket."""
        return self.data_dir / "uploads"

    @property
    def loads_dir(self) -> AnyPath:
        """The load records."""
        return self.lake / "loads"

    @property
    def plans_dir(self) -> AnyPath:
        """Every plan that ever judged, by its hash."""
        return self.lake / "plans"

    @property
    def erasures_dir(self) -> AnyPath:
        """Which lines were erased."""
        return self.lake / "erasures"

    @property
    def erasing_dir(self) -> Path:
        """What of an erasure is still to be done, and the lock of who does it: on this machine."""
        return self.local_lake / "erasures"

    @property
    def plan_tables_dir(self) -> Path:
        """The compiled plan that the models read."""
        return self.local_lake / "plan"

    @property
    def warehouse(self) -> Path:
        """Where the models are built."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def lock_file(self) -> Path:
        """Held by the warehouse's only writer."""
        return self.data_dir / "warehouse.lock"

    @property
    def analytics(self) -> Path:
        """The published database."""
        return self.data_dir / "analytics.duckdb"

    @property
    def marts_dir(self) -> AnyPath:
        """The published tables as Parquet."""
        return location(self.config.storage.marts, self.data_dir)

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage."""
        return self.data_dir / "dagster"

    @property
    def dbt_dir(self) -> Path:
        """dbt's target and logs."""
        return self.data_dir / "dbt"


def load_settings(data_dir: Path, plan_dir: Path, config_file: Path | None) -> Settings:
    """Settings of a data directory and a plan folder; nothing has to exist yet but config_file.

    Without config_file the plan folder's sources.yaml is read, and without that the defaults hold.
    Raises ConfigurationError with file and line.
    """
    plan_dir = Path(os.path.abspath(plan_dir))
    # one name for one directory: files are known by it
    data_dir = Path(os.path.abspath(data_dir))
    if any(each in str(data_dir) for each in "'{}"):
        raise ConfigurationError(
            f"the data directory {data_dir} has a quote or a brace in its name",
            remedy="name another one",
        )
    if config_file is None and (plan_dir / "sources.yaml").exists():
        config_file = plan_dir / "sources.yaml"
    if config_file is None:
        return Settings(data_dir, plan_dir, SourcesConfig(), None)
    file = read_yaml(config_file.absolute())
    config = SourcesConfig() if file.data is None else file.validate(SourcesConfig)
    return Settings(data_dir, plan_dir, config, file.path)


def check_sources(settings: Settings) -> None:
    """Raise ConfigurationError for a source whose folder is not there, and for a URL out of reach.

    The default sources and those of the packaged example may be missing: nobody wrote them.
    """
    sources_file = settings.sources_file
    if sources_file is None or sources_file.parent == packaged_plan_dir():
        return
    _check_access(settings, sources_file)
    for index, source in enumerate(settings.config.sources):
        if is_url(source.path):
            continue
        base = source.pattern.base(settings.data_dir)
        if not base.is_dir() and source not in DEFAULT_SOURCES:
            raise read_yaml(sources_file).error(
                ("sources", index, "path"),
                f"there is no folder {base}",
                "create it, or correct `path`, which is relative to EVENT_ASSETS_DATA",
            )


def _check_access(settings: Settings, sources_file: Path) -> None:
    """Raise ConfigurationError for a URL whose bucket can't be listed; each is asked once."""
    storage = settings.config.storage
    urls: dict[str, tuple[str | int, ...]] = {
        url: ("storage", key) for key, url in storage if is_url(url)
    }
    for index, source in enumerate(settings.config.sources):
        if is_url(source.path):
            urls[source.pattern.prefix()] = ("sources", index, "path")
    for url, key in urls.items():
        try:
            next(ObjectPath.beginning_with(url, at_most=1), None)
        except StorageError as error:
            raise read_yaml(sources_file).error(key, error.message, error.remedy) from None


def packaged_plan_dir() -> Path:
    """The example plan: inside an installed package, beside it in a source checkout."""
    package = Path(__file__).absolute().parent
    inside = package / "tracking_plan"
    return inside if inside.is_dir() else package.parent / "tracking_plan"


def check_data_dir(settings: Settings) -> None:
    """Raise ConfigurationError where there is none: what it is asked for would seem to be empty."""
    if not settings.data_dir.is_dir():
        raise ConfigurationError(
            f"there is no data directory {shown_path(settings.data_dir)}",
            remedy="make it and put logs below its raw/, or name another by --data",
        )


def check_plan_is_named(settings: Settings) -> None:
    """Raise ConfigurationError where the example stands in for the plan that the data stands under.

    It does where nobody names a plan: right for the demo, and for nothing else.
    """
    if os.environ.get("EVENT_ASSETS_PLAN") or Path("tracking_plan").is_dir():
        return
    last = last_plan(settings)
    if last is not None and Path(last["folder"]) != packaged_plan_dir():
        raise ConfigurationError(
            f"no tracking plan is named, and this data stands under `{last['name']}`",
            remedy=f"set EVENT_ASSETS_PLAN={last['folder']}",
        )


def last_plan(settings: Settings) -> dict[str, str] | None:
    """Name, version, hash and folder of the plan that the data stands under; None for new data."""
    about = settings.plan_tables_dir / "plan_about.parquet"
    if not about.is_file():
        return None
    from pyarrow import parquet

    (last,) = parquet.read_table(about).to_pylist()  # pyright: ignore[reportUnknownMemberType]
    return last


def chosen_plan_dir(named: Path | None) -> Path:
    """The plan folder that is named, that of EVENT_ASSETS_PLAN, ./tracking_plan, or the example."""
    chosen = named or Path(os.environ.get("EVENT_ASSETS_PLAN") or "tracking_plan")
    is_own = named or os.environ.get("EVENT_ASSETS_PLAN") or chosen.is_dir()
    return chosen if is_own else packaged_plan_dir()
