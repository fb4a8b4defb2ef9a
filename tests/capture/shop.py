"""A small shop of three pages with the tracker in them; its server logs what was bought."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from event_assets import EventLog
from tests.capture.site import STUB, QuietServer

STYLE = """
  body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
  nav a { margin-right: 1rem; color: #06c } h1 { font-size: 1.6rem } .price { font-weight: 600 }
  button { font: inherit; padding: .5rem 1.2rem; border: 0; border-radius: .4rem; background: #064; color: #fff }
  p.shoe { width: 12rem; height: 7rem; border-radius: .6rem; background: linear-gradient(120deg, #cde, #89b) }
"""
NAVIGATION = (
    '<nav><a href="/">Shop</a><a href="/product">Shoes</a><a href="/checkout">Checkout</a></nav>'
)
PAGES = {
    "/": ("Shop", "<p>Shoes for every day.</p><p class=shoe></p>"),
    "/product": (
        "Everyday shoes",
        "<p class=shoe></p><p class=price>59.90 €</p><button id=add>Add to cart</button><script>"
        'const product = {product_id: "p-1", category: "shoes", price: 59.9};'
        'ea("track", "product_view", product);'
        'document.getElementById("add").onclick = () => ea("track", "add_to_cart", {...product, quantity: 1});'
        "</script>",
    ),
    "/checkout": (
        "Checkout",
        "<p>One pair of everyday shoes, 59.90 €.</p><button id=buy>Buy now</button><script>"
        'ea("track", "checkout", {step: "payment"});'
        "const { order, user } = Object.fromEntries(new URLSearchParams(location.search));"
        'document.getElementById("buy").onclick = async () => {'
        '  ea("identify", user);'
        '  ea("track", "purchase", {order_id: order, amount: 59.9, currency: "EUR"});'
        '  await fetch("/buy", {method: "POST", body: JSON.stringify({order, user}), keepalive: true});'
        '  location.href = "/?thanks";'
        "};</script>",
    ),
}


@dataclass
class Shop:
    """The shop on its port, whose pages post to a collector."""

    port: int
    data: Path
    collector_port: int = 0
    failing: set[str] = field(default_factory=set[str])  # orders that its log does not get

    def url(self, path: str = "/") -> str:
        """The address of a page."""
        return f"http://127.0.0.1:{self.port}{path}"

    def page(self, path: str) -> bytes | None:
        """A page, or None where there is none."""
        if path not in PAGES:
            return None
        title, content = PAGES[path]
        return (
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
            f"<script>{STUB}</script>"
            f"<script async src=http://127.0.0.1:{self.collector_port}/track.js></script>"
            f"{NAVIGATION}<h1>{title}</h1>{content}</html>"
        ).encode()

    def sold(self, order: str, user: str) -> None:
        """Write an order to the log of the server."""
        if order not in self.failing:
            bought = {"order_id": order, "amount": 59.9, "currency": "EUR", "items": 1}
            EventLog(data_dir=self.data, raises=True).log_conversion(user, "purchase", bought)


@contextmanager
def opened_shop(data: Path) -> Iterator[Shop]:
    """The shop on a free port, until the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = shop.page(self.path.partition("?")[0])
            self._say(404 if page is None else 200, page or b"")

        def do_POST(self) -> None:
            sold: dict[str, str] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            shop.sold(sold["order"], sold["user"])
            self._say(200, b"ok")

        def _say(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            del format, arguments

    server = QuietServer(("127.0.0.1", 0), Handler)
    shop = Shop(server.server_address[1], data)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
