"""rates.csv: exchange rates into the reporting currency."""

from __future__ import annotations

import csv
from pathlib import Path

from pydantic import ValidationError

from event_assets.errors import ConfigurationError
from event_assets.plan.model import Rate

COLUMNS = ("date", "currency", "rate")


def load_rates(path: Path) -> tuple[Rate, ...]:
    """Rates in the order of (date, currency); none without the file.

    Raises ConfigurationError with file and line for a column, a value or a doublet.
    """
    if not path.exists():
        return ()
    rates: dict[tuple[str, str], Rate] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = [name.strip() for name in next(rows, list[str]())]
            if sorted(header) != sorted(COLUMNS):
                raise ConfigurationError(
                    f"the columns are {', '.join(header) or 'missing'}",
                    file=path,
                    line=1,
                    remedy=f"expected: {', '.join(COLUMNS)}",
                )
            for row in rows:
                if not row:
                    continue
                rate = _rate(dict(zip(header, row, strict=False)), path, rows.line_num)
                key = (rate.date.isoformat(), rate.currency)
                if key in rates:
                    raise ConfigurationError(
                        f"a second rate of {rate.currency} on {rate.date}",
                        file=path,
                        line=rows.line_num,
                        remedy="keep one of them",
                    )
                rates[key] = rate
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"cannot be read: {error}", file=path) from None
    return tuple(rates[key] for key in sorted(rates))


def _rate(row: dict[str, str], path: Path, line: int) -> Rate:
    try:
        return Rate.model_validate({name: value.strip() for name, value in row.items()})
    except ValidationError as error:
        details = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in details["loc"])
        raise ConfigurationError(f"{name}: {details['msg']}", file=path, line=line) from None
