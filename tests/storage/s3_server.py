"""A server of the S3 protocol on loopback, and how to make it fail."""

import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from tests.needs import missing

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "NO_PROXY": "127.0.0.1",
    "AWS_MAX_ATTEMPTS": "1",  # of botocore; s3fs has attempts of its own
}


class S3Server:
    """moto's server in a thread, which keeps its objects while it is stopped.

    `requests` are method and path of all that was asked.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.requests: list[tuple[str, str]] = []
        self._puts_left: int | None = None
        self._server: Any = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Answer requests."""
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            def log_request(self, *_: object) -> None:
                pass

        self._server = make_server(
            "127.0.0.1", self.port, self._answer, threaded=True, request_handler=Quiet
        )
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        self._server.shutdown()
        self._server.server_close()

    def refuse_puts_after(self, puts: int | None) -> None:
        """Take so many more objects and drop the connection at each one after; None takes all."""
        self._puts_left = puts

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        query = environ["QUERY_STRING"]
        self.requests.append((method, f"{path}?{query}" if query else path))
        if method == "PUT" and self._puts_left is not None:
            if self._puts_left == 0:
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                raise ConnectionAbortedError
            self._puts_left -= 1
        return self._app(environ, start)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server without objects, named in the environment; skips where it is not installed."""
    from event_assets.storage import objects

    if not (find_spec("moto") and find_spec("flask")):
        missing("the S3 server for tests (moto: pip install -e '.[dev]')")
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    server = S3Server(DomainDispatcherApplication(create_backend_app))
    before = dict(os.environ)
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(CREDENTIALS, AWS_ENDPOINT_URL=server.url, AWS_EC2_METADATA_DISABLED="true")
    objects.client.cache_clear()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        objects.client.cache_clear()
        os.environ.clear()
        os.environ.update(before)
