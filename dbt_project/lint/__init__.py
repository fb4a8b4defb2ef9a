"""What sqlfluff's jinja templater needs to know of dbt: plain stand-ins, so that linting needs no database."""


def setting(name: str) -> str:
    return "1"


def funnel_plan() -> dict[str, object]:
    return {
        "steps": 2,
        "semantics": ["strict", "any_order", "first_entry"],
        "before": {},
        "within": {2: {"'buy'": 1}},
        "breaks": [2],
        "optional": {},
        "has_conditions": True,
        "has_pages": True,
    }


def only_changed(column: str) -> str:
    return f"{column} is not null"


def micros(timestamp: str) -> str:
    return f"epoch_us({timestamp})"


def timestamp_of_micros(value: str) -> str:
    return f"make_timestamp({value})"


def local_date(timestamp: str, zone: str) -> str:
    return f"cast({timestamp} as date)"


def matches(text: str, pattern: str) -> str:
    return f"regexp_matches({text}, {pattern})"


def json_text(json: str, path: str) -> str:
    return f"json_extract_string({json}, {path})"


def try_cast(text: str, type_name: str) -> str:
    return f"try_cast({text} as {type_name})"


def last_known_before(expression: str, partition_by: str, order_by: str) -> str:
    return f"max({expression}) over (partition by {partition_by} order by {order_by})"


def json_list_rows(relation: str, column: str) -> str:
    return f"select *, {column} as element from {relation}"


def first_in_order(value: str, columns: list[str]) -> str:
    return f"arg_min({value}, {columns[0]})"


def last_in_order(value: str, columns: list[str]) -> str:
    return f"arg_max({value}, {columns[0]})"


def value_at_last(value: str, order: str) -> str:
    return f"max_by({value}, {order})"


def json_key_rows(relation: str, column: str) -> str:
    return f"select *, {column} as json_key, true as is_filled from {relation}"


def without_characters(text: str, characters: str) -> str:
    return f"translate({text}, {characters}, '')"


def days_between(earlier: str, later: str) -> str:
    return f"date_diff('day', {earlier}, {later})"


def json_value_rows(relation: str, column: str) -> str:
    return f"select *, {column} as json_key, {column} as json_value from {relation}"


def may_hold_personal_data(text: str) -> str:
    return f"regexp_matches({text}, '@')"


holds_email = holds_phone = holds_url_token = holds_card_number = may_hold_personal_data
holds_personal_data = may_hold_personal_data


def name_unless_personal(name: str) -> str:
    return f"case when {name} = '' then '(withheld)' else {name} end"


def json_key_of(column: str) -> str:
    return f"'/' || {column}"


def json_property_text(json: str, key: str) -> str:
    return f"json_extract_string({json}, {key})"


json_property = json_property_text


def typed_text(text: str, type_name: str) -> str:
    return f"try_cast({text} as {type_name})"


def hash_bucket(text: str, buckets: int) -> str:
    return f"length({text}) % {buckets}"


def bit(number: str) -> str:
    return f"(1 << {number})"


def texts_in_order(text: str, separator: str, order: str) -> str:
    return f"string_agg({text}, {separator} order by {order})"
