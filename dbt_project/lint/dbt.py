"""Stand-ins for dbt's type macros."""


def type_string() -> str:
    return "varchar"


def type_bigint() -> str:
    return "bigint"
