"""Generated trackers in real compilers: right calls pass, each wrong one fails on its own line."""

from pathlib import Path

import pytest
from compilers import pyright, tsc
from odd_plan import write_odd_plan

from event_assets.plan.codegen import tracker_code
from event_assets.plan.loader import load_plan

EXAMPLE_PLAN = Path(__file__).parents[2] / "tracking_plan"

RIGHT_TS = """\
import { addToCart, checkout, configure, pageView, purchase, search, sendTo } from "./tracking";
import type { PurchaseProperties, Transport } from "./tracking";

const transport: Transport = (event) => console_log(event.event_type);
declare function console_log(text: string): void;
configure({ transport, userId: () => null });
configure({ transport: sendTo("/collect") });
const order: PurchaseProperties = { order_id: "A1", amount: 9.5, currency: "EUR" };
purchase(order);
addToCart({ product_id: "p", quantity: 2, category: "shoes" });
checkout({ step: "payment" });
search();
pageView({ anything: ["goes", { here: null }] });
"""
WRONG_TS = [
    'purchase({ order_id: "A1", amount: 9.5, currency: "EUR", coupon: "x" });  // not in the plan',
    'purchase({ order_id: "A1", currency: "EUR" });                            // amount is missing',
    'purchase({ order_id: "A1", amount: "9.5", currency: "EUR" });             // a text',
    'checkout({ step: "pay" });                                                // not in the enum',
    'addToCart({ product_id: "p", quantity: undefined });                      // said to be nothing',
    "addToCart();                                                              // all are missing",
    'search({ query: "boots", results: null });                                // not nullable',
    'purchase({ order_id: "A1", amount: 1, currency: "EUR", items: undefined });',
    "signupCompleted({});                                                      // the server's event",
    "pageView({ when: new Date() });                                           // not JSON",
]
RIGHT_PY = """\
from datetime import datetime, timezone
from tracking import PurchaseProperties, log_event, log_to

log_to("logs/events.log")
order: PurchaseProperties = {"order_id": "A1", "amount": 9, "currency": "EUR"}
log_event("purchase", order, user_id="u1")
log_event("purchase", {"order_id": "A1", "amount": 9.5, "currency": "EUR"}, user_id=None)
log_event("signup_completed", user_id="u1", timestamp=datetime.now(timezone.utc))
log_event("signup_completed", {"method": "email"}, user_id="u1", event_id="e1")
"""
WRONG_PY = [
    'log_event("purchase", {"order_id": "A", "amount": 1, "currency": "EUR", "x": 1}, user_id="u")',
    'log_event("purchase", {"order_id": "A", "currency": "EUR"}, user_id="u")',
    'log_event("purchase", {"order_id": "A", "amount": "1", "currency": "EUR"}, user_id="u")',
    'log_event("signup_completed", {"method": "fax"}, user_id="u")',
    'log_event("purchase", user_id="u")',
    'log_event("purchased", {}, user_id="u")',
    'log_event("add_to_cart", {"product_id": "p", "quantity": 1}, user_id="u")',
    'log_event("signup_completed", {"method": None}, user_id="u")',
    'log_event("signup_completed")',
]


def _ordered_ts(properties: str) -> str:
    return f't.orderPlaced({{ plan: "pro", seats: 1, ratio: null, {properties} }});'


def _ordered_py(properties: str) -> str:
    required = '"plan": "pro", "seats": 1, "ratio": None'
    return f'log_event("order placed", {{{required}, {properties}}}, user_id="u")'


ODD_TS = [
    'import * as t from "./tracking";',
    'const tags: string[] = ["a"];',
    _ordered_ts('tags, pair: ["a"], both: { a: "x", b: 1 }'),
    't.orderPlaced({ plan: "free", seats: 1, ratio: 0.5, pair: ["a", 1], either: { id: 1 }, one: true });',
    _ordered_ts('labels: { any: "text" }, open: { known: 1, x: "y" }'),
    _ordered_ts('address: { city: "x", geo: { point: { lat: 1, lon: 2 } } }'),
    _ordered_ts('odd_enum: { "x-y": 1 }, fixed: "v2", empty: {}'),
    _ordered_ts('tree: { name: "a", children: [{ name: "b" }] }, anything: [1]'),
    "t.saveSettings_ec92e1();",
    "t.saveSettings_87f3ff({ n: 1 });",
    't.trackDelete({ default: "x", "a-b": 1, ["__proto__"]: "p", class: true, user_id: 3 });',
    't.track2fa({ code: "1" });',
    't.ünï({ ü: "x" });',
    't.trackEvent(); t.trackConfigure(); t.proto(); t.fetch(); t.sayHiItSXY({ x: "1" });',
]
ODD_WRONG_TS = [
    _ordered_ts("pair: []"),
    _ordered_ts('pair: ["a", 1, 2]'),
    _ordered_ts('both: { a: "x" }'),
    _ordered_ts('either: { id: "1" }'),
    _ordered_ts("labels: { any: 1 }"),
    _ordered_ts('address: { city: "x", town: "y" }'),
    _ordered_ts('address: { city: "x", geo: { point: { lat: 1 } } }'),
    _ordered_ts("odd_enum: 2"),
    _ordered_ts('fixed: "v1"'),
    _ordered_ts("empty: { a: 1 }"),
    _ordered_ts("tree: { children: [] }"),
    't.trackDelete({ "a-b": "1" });',
    't.trackDelete({ "a-c": 1 });',
    't.trackDelete({ "plan type": "fre" });',
]
ODD_PY = [
    "from tracking import log_event",
    _ordered_py('"tags": ["a"], "pair": ("a", 1)'),
    _ordered_py('"either": {"id": 1}, "one": True, "fixed": "v2"'),
    _ordered_py('"labels": {"any": "text"}, "open": {"known": 1, "x": "y"}'),
    _ordered_py('"address": {"city": "x", "geo": {"point": {"lat": 1, "lon": 2}}}'),
    _ordered_py('"both": {"a": "x", "b": 1}, "odd_enum": {"x-y": 1}, "empty": {}'),
    _ordered_py('"tree": {"name": "a", "children": [{"name": "b"}]}, "anything": [1]'),
    'log_event("Save Settings", user_id="u")',
    'log_event("save_settings", {"n": 1}, user_id="u")',
    'log_event("delete", {"default": "x", "a-b": 1, "__proto__": "p", "class": True, "str": 1}, user_id="u")',
    """log_event("delete", {"plan type": "free", "odd choice": "'both\\""}, user_id="u")""",
    'log_event("ünï", {"ü": "x"}, user_id="u")',
    'log_event("__proto__", user_id="u")',
    r"""log_event('Say "hi" it\'s `x` \\ ${y}', {"x": "1"}, user_id="u")""",
]
ODD_WRONG_PY = [
    _ordered_py('"pair": [None]'),
    _ordered_py('"both": {"a": "x"}'),
    _ordered_py('"either": {"id": "1"}'),
    _ordered_py('"labels": {"any": 1}'),
    _ordered_py('"address": {"city": "x", "town": "y"}'),
    _ordered_py('"tags": "abc"'),
    'log_event("order placed", {"plan": "pro", "seats": 1.5, "ratio": None}, user_id="u")',
    _ordered_py('"fixed": "v1"'),
    _ordered_py('"empty": {"a": 1}'),
    'log_event("delete", {"a-b": "1"}, user_id="u")',
    'log_event("delete", {"a-c": 1}, user_id="u")',
    'log_event("delete", {"plan type": "fre"}, user_id="u")',
    'log_event("delete", {"odd choice": "both"}, user_id="u")',
]


@pytest.fixture(params=["example", "odd"])
def plan_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The example plan, and one of odd names and schemas."""
    if request.param == "example":
        return EXAMPLE_PLAN
    return write_odd_plan(tmp_path / "plan", ["client", "server"])


def _written(plan_folder: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in tracker_code(load_plan(plan_folder)).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_right_calls_compile_in_typescript_and_each_wrong_one_fails_on_its_line(
    plan_folder: Path, tmp_path: Path
) -> None:
    folder = _written(plan_folder, tmp_path / "code")
    is_example = plan_folder == EXAMPLE_PLAN
    right, wrong = (RIGHT_TS, WRONG_TS) if is_example else ("\n".join(ODD_TS), ODD_WRONG_TS)
    (folder / "right.ts").write_text(right, encoding="utf-8")
    imported = 'import * as t from "./tracking";'
    if is_example:
        names = "addToCart, checkout, pageView, purchase, search"
        imported = f'import {{ {names} }} from "./tracking";'
    (folder / "wrong.ts").write_text("\n".join([imported, *wrong]), encoding="utf-8")
    found = tsc(folder, "right.ts", "wrong.ts")
    expected = {("wrong.ts", line) for line in range(2, len(wrong) + 2)}
    if is_example:
        # `new Date()` is in the compiler's own library, without the DOM
        assert "TS2304" in found["wrong.ts", 10][0]
    assert found.keys() == expected, found


def test_right_calls_pass_pyright_and_each_wrong_one_fails_on_its_line(
    plan_folder: Path, tmp_path: Path
) -> None:
    folder = _written(plan_folder, tmp_path / "code")
    is_example = plan_folder == EXAMPLE_PLAN
    right, wrong = (RIGHT_PY, WRONG_PY) if is_example else ("\n".join(ODD_PY), ODD_WRONG_PY)

    (folder / "right.py").write_text(right, encoding="utf-8")
    text = "\n".join(["from tracking import log_event", *wrong])
    (folder / "wrong.py").write_text(text, encoding="utf-8")
    found = pyright(folder)
    assert found.keys() == {("wrong.py", line) for line in range(2, len(wrong) + 2)}, found


def test_a_deprecated_event_is_shown_as_such_to_its_callers(tmp_path: Path) -> None:
    folder = _written(write_odd_plan(tmp_path / "plan", ["client", "server"]), tmp_path / "code")
    typescript = (folder / "tracking.ts").read_text(encoding="utf-8")
    before, _, _ = typescript.partition("export function trackClass(")
    assert "@deprecated Renamed; send `2fa`. {@link track2fa}" in before.rpartition("/**")[2]
    (folder / "calls.py").write_text(
        'from tracking import log_event\n\nlog_event("class", user_id="u")\n', encoding="utf-8"
    )
    (only,) = pyright(folder, "3.13").values()
    assert "deprecated" in only[0]
    assert "Renamed; send `2fa`." in only[0]


@pytest.mark.parametrize("others", [0, 1])
def test_a_plan_of_one_or_two_server_events_passes_pyright(tmp_path: Path, others: int) -> None:
    events = tmp_path / "plan/events"
    events.mkdir(parents=True)
    (tmp_path / "plan/plan.yaml").write_text("name: small\nversion: 1\n")
    for name in ["only", "other"][: others + 1]:
        (events / f"{name}.yaml").write_text(
            f"event: {name}\ndescription: D.\npurpose: P.\nowner: team:a\nsent_by: [server]\n"
            "properties:\n  n: {type: integer, required: true}\n"
        )
    folder = _written(tmp_path / "plan", tmp_path / "code")
    assert not (folder / "tracking.ts").exists(), "no client sends anything"
    (folder / "calls.py").write_text(
        'from tracking import log_event\nlog_event("only", {"n": 1}, user_id="u")\n'
        'log_event("only", {"n": "1"}, user_id="u")\n'
    )
    assert pyright(folder).keys() == {("calls.py", 3)}
