"""What analysts and BI tools see of the tables."""

from building import Warehouse

PLAIN_TYPES = {"VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"}


def test_every_table_and_column_is_described_and_plainly_typed(warehouse: Warehouse) -> None:
    warehouse.build()
    tables = warehouse.query(
        "select table_name, comment from duckdb_tables() where schema_name in ('core', 'marts') "
        "union all select view_name, comment from duckdb_views() where schema_name in ('core', 'marts') order by 1"
    )
    assert len(tables) > 25
    assert [name for name, comment in tables if not comment] == []
    columns = warehouse.query(
        "select table_name || '.' || column_name, comment, data_type, schema_name from duckdb_columns() "
        "where schema_name in ('core', 'marts')"
    )
    assert [name for name, comment, _, _ in columns if not comment] == []
    assert [name for name, _, kind, _ in columns if kind not in PLAIN_TYPES] == []
    marts = {str(name).partition(".")[0] for name, _, _, schema in columns if schema == "marts"}
    assert marts >= {
        "sessions",
        "page_views",
        "persons",
        "conversions",
        "touchpoints",
        "attribution_credits",
    }
    assert marts >= {
        "channel_performance",
        "claimed_vs_attributed",
        "funnels",
        "funnel_steps",
        "ingest_files",
    }


def test_the_unit_tests_of_the_models_pass(warehouse: Warehouse) -> None:
    warehouse.build()
    assert warehouse.dbt("test", "--select", "test_type:unit")
