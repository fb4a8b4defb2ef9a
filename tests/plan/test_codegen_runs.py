"""Generated trackers at work: what they write is read by ingest and clean by the plan."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from compilers import node, tsc
from odd_plan import read_by_ingest, write_odd_plan

from event_assets.plan.codegen import tracker_code
from event_assets.plan.loader import load_plan
from tests.browser import opened_browser

ORDER = {
    "plan": "pro",
    "seats": 2,
    "ratio": None,
    "tags": ["a", "b"],
    "pair": ["a", 1],
    "address": {"city": "Zürich \u2028 😀", "geo": {"point": {"lat": 1.5, "lon": 2}}},
    "labels": {"any": "text"},
    "odd_enum": {"x-y": 1},
    "both": {"a": "x", "b": 1},
    "tree": {"name": "a", "children": [{"name": "b"}]},
}
ODD = {"default": "x", "a-b": 1, "__proto__": "p", "class": True, "timestamp": "t", "metadata": {}}
SENT: list[tuple[str, str, dict[str, Any] | None]] = [
    ("order placed", "orderPlaced", ORDER),
    ("Save Settings", "saveSettings_ec92e1", None),
    ("save_settings", "saveSettings_87f3ff", {"n": 1}),
    ("delete", "trackDelete", ODD),
    ("2fa", "track2fa", {"code": "1"}),
    ("ünï", "ünï", {"ü": "x"}),
    ("🎉", "trackEvent", None),
    ("configure", "trackConfigure", {"free": ["of", {"form": 1}]}),
    ("__proto__", "proto", None),
    ('Say "hi" it\'s `x` \\ ${y}', "sayHiItSXY", {"x": "1"}),
]
# JSON.parse keeps `__proto__` as a property, as a literal in the code would not
CALLS = f"""
const sent = JSON.parse({json.dumps(json.dumps([[call, given] for _, call, given in SENT]))});
for (const [call, given] of sent) given === null ? tracking[call]() : tracking[call](given);
"""


@pytest.fixture
def plan_folder(tmp_path: Path) -> Path:
    """The plan of odd names."""
    return write_odd_plan(tmp_path / "plan", ["client", "server"])


def _write_trackers(plan_folder: Path, folder: Path) -> None:
    for name, text in tracker_code(load_plan(plan_folder)).items():
        (folder / name).write_text(text, encoding="utf-8")


def _compiled(plan_folder: Path, folder: Path) -> str:
    """tracking.ts as JavaScript."""
    _write_trackers(plan_folder, folder)
    assert tsc(folder, "tracking.ts", emit=True) == {}
    return (folder / "built/tracking.js").read_text(encoding="utf-8")


def _run_in_node(plan_folder: Path, folder: Path, script: str) -> str:
    (folder / "tracking.mjs").write_text(_compiled(plan_folder, folder), encoding="utf-8")
    text = f'import * as tracking from "./tracking.mjs";\n{script}'
    (folder / "script.mjs").write_text(text, encoding="utf-8")
    done = node("script.mjs", folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _check_clean(root: Path, plan_folder: Path, kind: str, lines: bytes) -> list[dict[str, Any]]:
    record, rows = read_by_ingest(root, plan_folder, kind, lines)
    assert (record.records, record.candidates) == (len(SENT), len(SENT)), lines.decode()
    assert record.violations == {}, rows
    assert [row["event_type"] for row in rows] == [event for event, _, _ in SENT]
    assert [json.loads(row["properties"] or "{}") for row in rows] == [
        given or {} for _, _, given in SENT
    ]
    assert {row["kind"] for row in rows} == {kind}
    assert [row["event_version"] for row in rows] == ["2"] + [None] * (len(SENT) - 1)
    return rows


def test_what_the_typescript_tracker_sends_is_clean(plan_folder: Path, tmp_path: Path) -> None:
    script = f"""
tracking.configure({{
  transport: (event) => console.log(tracking.serialised(event)),
  userId: () => "u1",
  anonymousId: () => "a1",
  page: () => ({{ page_url: "https://shop.example.com/?utm_source=x", referrer: "https://a.b/" }}),
}});
{CALLS}"""
    lines = _run_in_node(plan_folder, tmp_path, script)
    rows = _check_clean(tmp_path, plan_folder, "client", lines.encode())
    assert {(row["user_id"], row["anonymous_id"]) for row in rows} == {("u1", "a1")}
    assert {row["page_url"] for row in rows} == {"https://shop.example.com/?utm_source=x"}
    assert {row["utm_source"] for row in rows} == {"x"}
    assert len({row["event_id"] for row in rows}) == len(SENT)


def test_a_browser_posts_each_event_to_the_collector_even_when_the_page_is_left(
    plan_folder: Path, tmp_path: Path
) -> None:
    javascript = _compiled(plan_folder, tmp_path)
    page = f"""<!doctype html><meta charset="utf-8"><title>Shop</title>
<script type="module">import * as tracking from "/tracking.js";
{CALLS}
location.href = "/left";
</script>"""
    served = {"/": ("text/html", page), "/tracking.js": ("text/javascript", javascript)}
    bodies: list[bytes] = []
    types: set[str | None] = set()

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = served.get(self.path, ("text/plain", "left"))
            self._answer(200, kind, text.encode())

        def do_POST(self) -> None:
            assert self.path == "/collect"
            types.add(self.headers["Content-Type"])
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(200, "application/json", b"{}")

        def _answer(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    try:
        with opened_browser() as browser:
            tab = browser.new_page()
            tab.goto(url)
            tab.wait_for_url("**/left")
            for _ in range(200):
                if len(bodies) >= len(SENT):
                    break
                tab.wait_for_timeout(50)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    order = [event for event, _, _ in SENT]
    bodies.sort(key=lambda body: order.index(json.loads(body)["event_type"]))
    assert types == {"text/plain;charset=UTF-8"}, "another type would cost a request before each"
    rows = _check_clean(tmp_path, plan_folder, "client", b"\n".join(bodies) + b"\n")
    assert {row["page_url"] for row in rows} == {url}
    assert all(row["sent_ts"] >= row["client_ts"] for row in rows)


def test_text_that_was_cut_within_a_character_is_sent_all_the_same(
    plan_folder: Path, tmp_path: Path
) -> None:
    script = r"""
tracking.configure({ transport: (event) => console.log(tracking.serialised(event)) });
tracking.track2fa({ code: "cut \ud83d" });
tracking.track2fa({ code: "written \\ud83d and \\\ud83d whole \ud83d\ude00" });
"""
    lines = _run_in_node(plan_folder, tmp_path, script)
    record, rows = read_by_ingest(tmp_path, plan_folder, "client", lines.encode())
    assert record.violations == {}
    assert [json.loads(row["properties"])["code"] for row in rows] == [
        "cut \ufffd",
        "written \\ud83d and \\\ufffd whole 😀",
    ]


def test_no_error_of_a_transport_reaches_the_code_that_tracks(
    plan_folder: Path, tmp_path: Path
) -> None:
    script = """
const seen = [];
tracking.configure({ onError: (error) => seen.push(String(error)) });
tracking.configure({ transport: () => { throw new Error("no network"); } });
tracking.track2fa({ code: "1" });
tracking.configure({ transport: tracking.sendTo("/collect") });
globalThis.navigator.sendBeacon = () => false;
globalThis.fetch = async () => { throw new Error("refused"); };
tracking.track2fa({ code: "1" });
await new Promise((resolve) => setTimeout(resolve));
console.log(JSON.stringify(seen));
"""
    seen = json.loads(_run_in_node(plan_folder, tmp_path, script))
    assert seen == ["Error: no network", "Error: refused"]


def test_numbers_that_json_cannot_say_are_reported_and_not_sent(
    plan_folder: Path, tmp_path: Path
) -> None:
    script = """
const seen = [];
const sent = [];
const order = { plan: "pro", seats: 2, ratio: 0.5 };
tracking.configure({ transport: (event) => sent.push(event) });
tracking.configure({ onError: (error) => seen.push(`${error.name} ${error.message}`) });
tracking.orderPlaced({ ...order, ratio: 0 / 0 });
tracking.orderPlaced({ ...order, address: { city: "x", geo: { point: { lat: 1 / 0, lon: 2 } } } });
tracking.orderPlaced(order);
try { tracking.serialised({ event_type: "e", timestamp: 1, user_id: null, properties: { n: -1 / 0 } }); }
catch (error) { seen.push(error.message); }
tracking.configure({ onError: undefined });
console.error = (...values) => seen.push(values.join(" "));
tracking.orderPlaced({ ...order, ratio: NaN });
console.log(JSON.stringify([seen, sent.map((event) => event.properties)]));
"""
    seen, sent = json.loads(_run_in_node(plan_folder, tmp_path, script))
    assert seen == [
        "TypeError ratio is NaN, which JSON cannot say",
        "TypeError lat is Infinity, which JSON cannot say",
        "n is -Infinity, which JSON cannot say",
        "event not sent TypeError: ratio is NaN, which JSON cannot say",
    ]
    assert sent == [{"plan": "pro", "seats": 2, "ratio": 0.5}]


def _run_python(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script beside the tracker, without any package that is installed."""
    (folder / "script.py").write_text(script, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-S", "-X", "utf8", "script.py"],
        cwd=folder,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_the_python_tracker_writes_is_clean(plan_folder: Path, tmp_path: Path) -> None:
    _write_trackers(plan_folder, tmp_path)
    script = f"""
import sys
from tracking import log_event, log_to
log_to("made/on/demand/events.log")
for event, properties in {[(event, given) for event, _, given in SENT]!r}:
    log_event(event, properties, user_id="u1")
assert "event_assets" not in sys.modules
"""
    done = _run_python(tmp_path, script)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "made/on/demand/events.log").read_bytes()
    rows = _check_clean(tmp_path, plan_folder, "server", lines)
    assert {row["user_id"] for row in rows} == {"u1"}
    first = json.loads(lines.splitlines()[1])
    assert list(first) == ["event_type", "event_id", "user_id", "timestamp", "metadata"]


def test_lines_of_processes_that_share_a_log_stay_whole(plan_folder: Path, tmp_path: Path) -> None:
    _write_trackers(plan_folder, tmp_path)
    (tmp_path / "writer.py").write_text(
        "import sys\nfrom tracking import log_event, log_to\nlog_to('events.log', raises=True)\n"
        "for n in range(300):\n"
        "    log_event('2fa', {'code': sys.argv[1] * 20_000}, user_id=str(n))\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-S", "writer.py", letter], cwd=tmp_path)
        for letter in "abcd"
    ]
    assert [writer.wait() for writer in writers] == [0] * 4
    lines = (tmp_path / "events.log").read_text().splitlines()
    events = [json.loads(line) for line in lines if line]
    assert len(events) == 4 * 300
    assert {event["metadata"]["code"] for event in events} == {each * 20_000 for each in "abcd"}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("log_event('2fa', {'code': float('nan')}, user_id='u')", "ValueError"),
        ("log_event('2fa', {'code': '\\ud83d'}, user_id='u')", "UnicodeEncodeError"),
        ("log_event('2fa', {}, user_id='u', timestamp=datetime(2026, 1, 1))", "no time zone"),
    ],
)
def test_what_no_reader_could_read_is_an_error_at_once_for_those_who_ask_for_errors(
    plan_folder: Path, tmp_path: Path, call: str, error: str
) -> None:
    _write_trackers(plan_folder, tmp_path)
    script = "from datetime import datetime\nfrom tracking import log_event, log_to\n"
    strict = _run_python(tmp_path, f"{script}log_to('events.log', raises=True)\n{call}\n")
    assert strict.returncode == 1
    assert error in strict.stderr
    mild = _run_python(tmp_path, f"{script}log = log_to('events.log')\n{call}\nprint(log.lost)\n")
    assert (mild.returncode, mild.stdout) == (0, "1\n")
    assert error in mild.stderr
    assert not (tmp_path / "events.log").exists()
