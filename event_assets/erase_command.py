"""`event-assets erase`: asks, erases, builds the tables again, says what is left."""

from __future__ import annotations

import sys

from event_assets.disk_errors import disk_told
from event_assets.erasure import (
    Asked,
    Done,
    Found,
    blank_rejected,
    erase_from_lake,
    read_unfinished,
    search,
    tables_are_clean,
)
from event_assets.errors import shown_path
from event_assets.ingest.erasing import LakeBusy, nothing_but_erasure
from event_assets.plan.loader import load_plan
from event_assets.progress import report
from event_assets.settings import Settings, check_sources
from event_assets.warehouse import Holder, WarehouseBusy, warehouse_lock

OK, FAILED = 0, 1


def erase(settings: Settings, asked: Asked, *, raw: bool, resume: bool, is_dry: bool) -> int:
    """Erase; the exit code: 1 where something is left to be done, which is said.

    With `is_dry` it only counts. Raises ConfigurationError before anything is touched where the
    tables could not be built again.
    """
    load_plan(settings.plan_dir)
    check_sources(settings)
    found = None if resume else search(settings, asked)
    if found is not None:
        for line in told(found):
            print(line)
    if is_dry:
        return OK
    left = read_unfinished(settings)
    if left is None and not raw and (found is None or not found.lines):
        blanked = blank_rejected(found.rejected) if found else 0
        print("erased, the tables had none of it" if blanked else "nothing is to be erased")
        return OK
    raw = raw or (left is not None and left.blanks_raw)
    try:
        with (
            disk_told(settings.data_dir),
            nothing_but_erasure(settings),
            warehouse_lock(settings.lock_file, "event-assets erase", on_wait=_say_waiting),
        ):
            # what was counted before may have grown while others were waited for
            again = None if resume else search(settings, asked)
            published = settings.warehouse.is_file() or settings.analytics.is_file()
            done = erase_from_lake(settings, again, blanks_raw=raw)
    except (LakeBusy, WarehouseBusy) as error:
        print(error, file=sys.stderr)
        return FAILED
    for line in _told_done(done, raw=raw):
        print(line)
    if (published or left is not None) and not _build_tables(settings):
        return FAILED
    tables_are_clean(settings)
    print("erased" if not done.not_blanked else "erased, but for those raw files")
    # files that had landed and were not read yet were read to build the tables
    more = search(settings, asked).records if asked.all else 0
    if more:
        print(
            f"{_counted(more, 'record')} of this person stood in files that were read only now: "
            "erase once more to remove them"
        )
    return FAILED if done.not_blanked or more else OK


def told(found: Found) -> list[str]:
    """What an erasure would remove, in words without ids."""
    person = found.person
    lines = [
        f"{found.events:,} events and {found.quarantined:,} quarantined records of "
        f"{len(found.lines):,} lines, on {_counted(len(person.devices), 'device')} of this person alone"
    ]
    if person.shared:
        lines.append(
            f"{_counted(len(person.shared), 'device')} of others as well, where only the events with "
            "one of the user ids are this person's"
        )
    if found.lines_of_others:
        lines.append(
            f"{found.lines_of_others:,} of the lines hold events of others too, which stay; raw files keep "
            "these lines, --raw does not blank them"
        )
    if found.rejected:
        number = sum(map(len, found.rejected.values()))
        lines.append(f"{_counted(number, 'event')} that the collector did not take, in rejects/")
    return lines


def _told_done(done: Done, *, raw: bool) -> list[str]:
    lines = [f"{done.loads:,} loads were written anew without them"]
    if raw:
        lines.append(f"{done.raw_lines:,} lines of raw files were blanked")
        lines += [f"not blanked: {each}" for each in done.not_blanked]
    else:
        lines.append(
            "raw files still hold these lines, and are never read into the lake again: "
            "`event-assets erase --raw` blanks them"
        )
    return lines


def _build_tables(settings: Settings) -> bool:
    from event_assets.run import RunOptions
    from event_assets.run_output import print_failures, quiet_run

    report("Building the tables again")
    done = quiet_run(settings, RunOptions(full_refresh=True), verbose=False)
    if done.published == "no":
        print_failures(settings, done)
        print(
            f"The tables could not be published; {shown_path(settings.analytics)} and what stands "
            "beside it are from before. Mend it, then `event-assets erase --resume`"
        )
        return False
    return True


def _say_waiting(holder: Holder | None) -> None:
    report(f"Waiting for the warehouse, in use by {holder or 'another process'}")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
