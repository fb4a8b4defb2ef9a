"""The SQL of single models, without dbt: the same text as dbt compiles, for tables that bear the models' names.

dbt takes seconds to start, and what is asked here should be answered at once. Only what the models of
channels, attribution and attempts of funnels use is known: some macros, `ref`, `source`, `config` and
`adapter.dispatch`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, pass_context
from jinja2.runtime import Context

_MACROS = ("dialect/duckdb.sql", "campaigns.sql", "urls.sql", "attribution.sql", "funnels.sql")


class _Adapter:
    """DuckDB's spelling is the default of every dialect macro."""

    @pass_context
    def dispatch(self, context: Context, name: str, package: str) -> Callable[..., Any]:
        del package
        return context[f"default__{name}"]


def model_sql(
    project: Path,
    model: str,
    macros: Mapping[str, Callable[..., object]] | None = None,
    **settings: float,
) -> str:
    """The query of a model, by the settings that it reads.

    It selects from tables that are named like its refs and sources. `macros` stand in for those that
    would ask a database.
    """
    (path,) = project.glob(f"models/**/{model}.sql")
    environment = Environment(undefined=StrictUndefined, extensions=["jinja2.ext.do"])
    template = environment.from_string(_macros(project) + path.read_text(encoding="utf-8"))
    return template.render({**_KNOWN, **(macros or {})}, setting=settings.__getitem__)


def _nothing(**_: object) -> str:
    return ""


def _always(_column: str) -> str:
    return "true"


def _table(*names: str) -> str:
    return names[-1]


def _same(value: object) -> object:
    return value


class _Types:
    @staticmethod
    def type_bigint() -> str:
        return "bigint"


_KNOWN = {
    "adapter": _Adapter(),
    "config": _nothing,
    "dbt": _Types,
    "only_changed": _always,
    "ref": _table,
    "return": _same,
    "source": _table,
}


@cache
def _macros(project: Path) -> str:
    folder = project / "macros"
    return "".join((folder / name).read_text(encoding="utf-8") for name in _MACROS)
