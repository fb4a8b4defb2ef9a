"""The files of a source and day, against the load records of what was read of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from event_assets.ingest.loads import LoadRecord, chains, write_record
from event_assets.ingest.moved import find_moved
from event_assets.ingest.pending import file_name, newest_date
from event_assets.ingest.tasks import How, Restat, Task, find_task
from event_assets.settings import Settings, Source
from event_assets.storage import AnyPath


class DayFiles:
    """The files of a source and day, and what is to be done with them."""

    def __init__(
        self,
        settings: Settings,
        source: Source,
        landing_date: date,
        known: list[LoadRecord],
        *,
        rejudge: bool,
        verify: bool,
        newest: date | None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._landing_date = landing_date
        self._chains = chains(known)
        self._own = source.files(settings.data_dir, landing_date)
        if newest is None:
            newest = newest_date(source.files(settings.data_dir))
        self._how = How(
            is_newest=landing_date == newest,
            rejudge=rejudge,
            verify=verify,
            has_header=source.kind == "ad_report",
            moved_to=self._moved_to,
        )

    def tasks(self) -> list[Task]:
        """Look at all the files before anything is written."""
        return [task for _, path in self._own if (task := self.task(path)) is not None]

    def task(self, path: AnyPath) -> Task | None:
        """What has to be read of one file now."""
        file = file_name(self._settings, path)
        chain = self._chains.get((self._source.name, file), [])
        found = find_task(path, file, self._landing_date, chain, self._how)
        if isinstance(found, Restat):
            write_record(self._settings.loads_dir, found.record)
            return None
        return found

    def _moved_to(self, path: AnyPath, chain: Sequence[LoadRecord]) -> str | None:
        moved = find_moved(path, chain, self._source.files(self._settings.data_dir))
        return None if moved is None else file_name(self._settings, moved)
