"""The report as one HTML page."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment
from markupsafe import Markup

from event_assets.errors import ConfigurationError, shown_path
from event_assets.report.attribution import ConversionAnswers, attribution_section
from event_assets.report.claims_chart import claims_chart
from event_assets.report.product import product_section
from event_assets.report.svg import span


def report_page(analytics: Path, lookback_days: int | None = None) -> str:
    """HTML of what the published file says. Raises ConfigurationError where there is none."""
    if not analytics.is_file():
        raise ConfigurationError(
            f"there is no {shown_path(analytics)}", remedy="`event-assets run` publishes it"
        )
    with duckdb.connect(str(analytics), read_only=True) as connection:
        connection.execute("use marts")
        about = connection.execute("select as_of, published_at from about").fetchone()
        section = attribution_section(connection, lookback_days)
        product = product_section(connection)
    template = _environment().from_string(_packaged("report.html.jinja"))
    as_of, published_at = about or (None, None)
    return template.render(
        as_of=as_of, published_at=published_at, attribution=section, product=product
    )


def _environment() -> Environment:
    """Names come from logs: everything is escaped."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    filters: dict[str, Any] = {
        "number": _number,
        "percent": _percent,
        "span": span,
        "claims_chart": _chart,
        "picture": Markup,  # pictures escape the names themselves
    }
    environment.filters.update(filters)  # pyright: ignore[reportUnknownMemberType]
    return environment


def _chart(answers: ConversionAnswers) -> Markup:
    return Markup(claims_chart(answers))  # it escapes the names itself


def _number(value: float | None, decimals: int = 0) -> str:
    return "" if value is None else f"{value:,.{decimals}f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _packaged(name: str) -> str:
    return resources.files("event_assets.report").joinpath(f"templates/{name}").read_text("utf-8")
