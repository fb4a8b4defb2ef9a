"""What people do in the shop: they come, look around, fill a cart, and some of them buy."""

import random
from hashlib import md5
from typing import Final

from event_assets.simulate.catalogue import (
    CATEGORIES,
    CURRENCY,
    PRODUCTS,
    SEARCHES,
    SHIPPING,
    Product,
)
from event_assets.simulate.channels import (
    DIRECT,
    SEARCH_AD,
    Landing,
    Route,
    arrive,
    choose_route,
)
from event_assets.simulate.clock import DAY
from event_assets.simulate.journal import Click, Fact, Journal, Order, Scalar
from event_assets.simulate.people import Device, Person
from event_assets.simulate.visit import Place, Visit

HOME: Final = Place("/", "Shop", "home")
SEARCH: Final = Place("/search", "Search", "search")
CART: Final = Place("/cart", "Cart", "cart")
CHECKOUT: Final = Place("/checkout", "Checkout", "checkout")
SIGN_IN: Final = Place("/account/sign-in", "Sign in", "sign_in")
REGISTER: Final = Place("/account/register", "Create your account", "register")
ACCOUNT: Final = Place("/account", "Your account – Größen & Adressen", "account")
THANKS: Final = Place("/checkout/thank-you", "Thank you", "thank_you")

APP_VERSIONS: Final = ("4.2.1", "4.2.0", "4.1.7")
EXPERIMENT: Final = "paid_social_holdout"
_HELD_OUT_CHANNEL: Final = "Paid Social"
_TREATED_SHARE: Final = 0.7
_POPULARITY: Final = [product.popularity for product in PRODUCTS]

Cart = list[tuple[Product, int]]


class Shopping:
    """One visit of one person: a walk through the shop that may end with an order."""

    def __init__(
        self, journal: Journal, rng: random.Random, person: Person, device: Device, start: int
    ) -> None:
        self._journal = journal
        self._rng = rng
        self._person = person
        self._device = device
        self._cart: Cart = []
        self.visit = Visit(journal, rng, device, start)

    def run(self) -> int:
        """Play the whole visit; return the instant at which it ended."""
        rng, person, device = self._rng, self._person, self._device
        route = DIRECT
        if device.kind == "app":
            self._open_app()
        else:
            route = choose_route(
                rng, is_first_visit=person.visits == 0, is_subscriber=person.is_subscriber
            )
            landing = arrive(rng, route)
            if device.arm == "control" and route.channel == _HELD_OUT_CHANNEL:
                return self.visit.now  # no ad was shown, so nobody came
            self._land(landing)
        person.visits += 1
        if rng.random() >= route.bounce:
            self._shop(route)
        return self.visit.now

    def take_over(self) -> int:
        """Continue on a shared device, signed in with one's own account; return the end."""
        self.visit.open_session(DIRECT.channel)
        self._device.signed_in = self._person.user_id
        self.visit.show(ACCOUNT)
        self.visit.wait(20)
        self._shop(DIRECT)
        return self.visit.now

    def _open_app(self) -> None:
        self.visit.open_session(DIRECT.channel)
        self.visit.record("app_open", {"app_version": self._rng.choice(APP_VERSIONS)})
        self.visit.blink()
        self.visit.show(HOME)

    def _draw_arm(self) -> None:
        """The first page on a cookie draws the arm, by the cookie alone."""
        device = self._device
        if device.anonymous_id is None or device.arm is not None:
            return
        drawn = int(md5(f"{EXPERIMENT}/{device.anonymous_id}".encode()).hexdigest()[:8], 16)
        device.arm = "treated" if drawn < _TREATED_SHARE * 16**8 else "control"
        self.visit.record("experiment_assigned", {"experiment": EXPERIMENT, "arm": device.arm})

    def _land(self, landing: Landing) -> None:
        if landing.campaign is not None:
            self._journal.clicks.append(
                Click(self.visit.now, self._person.user_id, landing.campaign)
            )
        if self._rng.random() < 0.45:
            self.visit.land(landing, HOME)
            self._draw_arm()
            return
        product = self._pick_product()
        self.visit.land(landing, product_place(product))
        self._draw_arm()
        self._view(product)

    def _shop(self, route: Route) -> None:
        rng = self._rng
        if self._person.has_account and self._device.signed_in is None and rng.random() < 0.4:
            self._sign_in()
        looks = 1 + min(int(rng.expovariate(0.55)), 9)
        for _ in range(looks):
            self.visit.wait(25)
            self._look_around()
        if self._device.kind == "web" and rng.random() < 0.015:
            self._come_back_by_campaign()
        if rng.random() < min(0.28 * route.intent * self._person.intent, 0.85):
            self._fill_cart()
            self._check_out()

    def _look_around(self) -> None:
        rng = self._rng
        way = rng.random()
        if way < 0.18:
            self._search()
            self.visit.wait(9)
        elif way < 0.5:
            category = rng.choice(CATEGORIES)
            title = f"{category.capitalize()} – Shop"
            self.visit.show(Place(f"/c/{category}", title, "category"))
            self.visit.wait(14)
        product = self._pick_product()
        self.visit.show(product_place(product))
        self._view(product)

    def _search(self) -> None:
        query, results = self._rng.choice(SEARCHES)
        self.visit.show(SEARCH)
        self.visit.blink()
        self.visit.record("search", {"query": query, "results": results})

    def _view(self, product: Product) -> None:
        self.visit.blink()
        self.visit.record(
            "product_view",
            {
                "product_id": product.product_id,
                "category": product.category,
                "price": product.price,
            },
        )

    def _come_back_by_campaign(self) -> None:
        self.visit.leave_for(self._rng.uniform(1, 15))
        self._land(arrive(self._rng, SEARCH_AD))

    def _fill_cart(self) -> None:
        for _ in range(self._rng.choices((1, 2, 3), (70, 22, 8))[0]):
            product = self._pick_product()
            quantity = self._rng.choices((1, 2, 3), (85, 12, 3))[0]
            self._cart.append((product, quantity))
            self.visit.wait(18)
            self.visit.record(
                "add_to_cart",
                {"product_id": product.product_id, "quantity": quantity, "price": product.price},
            )

    def _check_out(self) -> None:
        rng = self._rng
        self.visit.wait(12)
        self.visit.show(CART)
        if rng.random() < 0.42:
            return
        self.visit.wait(15)
        self.visit.show(CHECKOUT)
        self._step("start")
        if rng.random() < 0.16:
            return
        if self._person.has_account and self._device.signed_in is None:
            self._sign_in()
        elif not self._person.has_account and rng.random() < 0.35:
            self._sign_up()
        self.visit.wait(40)
        self._step("payment")
        if self._device.kind == "web" and rng.random() < 0.14:
            self.visit.wait(20)
            self.visit.record("form_error", {"form": "payment", "field": "card_number"})
            if rng.random() < 0.3:
                return
        if rng.random() < 0.17:
            return
        self.visit.wait(30)
        self._step("review")
        if rng.random() < 0.1:
            return
        self.visit.wait(12)
        self._buy()

    def _step(self, step: str) -> None:
        self.visit.blink()
        self.visit.record("checkout", {"step": step, "cart_value": self._cart_value()})

    def _sign_in(self) -> None:
        if self._device.anonymous_id is None:
            return
        self.visit.wait(10)
        self.visit.show(SIGN_IN)
        self._device.signed_in = self._person.user_id
        self.visit.wait(12)
        self.visit.show(ACCOUNT)

    def _sign_up(self) -> None:
        if self._device.anonymous_id is None:
            return
        self.visit.wait(15)
        self.visit.show(REGISTER)
        self.visit.wait(35)
        self._person.has_account = True
        self._device.signed_in = self._person.user_id
        method = self._rng.choices(("email", "google", "apple"), (6, 3, 1))[0]
        self._journal.facts.append(
            Fact(self.visit.now, "signup_completed", self._person.user_id, {"method": method})
        )
        self.visit.blink()
        self.visit.show(ACCOUNT)

    def _buy(self) -> None:
        items = sum(quantity for _, quantity in self._cart)
        order = Order(
            at=self.visit.now,
            order_id=f"SO-{100_001 + len(self._journal.orders)}",
            buyer=self._person.user_id,
            amount=round(self._cart_value() + SHIPPING, 2),
            items=items,
        )
        receipt: dict[str, Scalar] = {
            "order_id": order.order_id,
            "amount": order.amount,
            "currency": CURRENCY,
            "items": order.items,
        }
        self._journal.orders.append(order)
        self._journal.facts.append(Fact(order.at, "purchase", self._device.signed_in, receipt))
        self._maybe_refund(order)
        self.visit.blink()
        self.visit.show(THANKS)
        self.visit.blink()
        if self._rng.random() >= self._device.browser.purchase_loss:
            self.visit.record("purchase", receipt)

    def _maybe_refund(self, order: Order) -> None:
        if self._rng.random() >= 0.07:
            return
        share = 1.0 if self._rng.random() < 0.65 else self._rng.uniform(0.2, 0.7)
        self._journal.facts.append(
            Fact(
                order.at + round(self._rng.uniform(1, 12) * DAY),
                "refund",
                self._device.signed_in,
                {
                    "order_id": order.order_id,
                    "amount": round(order.amount * share, 2),
                    "currency": CURRENCY,
                },
            )
        )

    def _cart_value(self) -> float:
        return round(sum(product.price * quantity for product, quantity in self._cart), 2)

    def _pick_product(self) -> Product:
        return self._rng.choices(PRODUCTS, _POPULARITY)[0]


def product_place(product: Product) -> Place:
    """Where a product is shown."""
    return Place(f"/p/{product.product_id}", f"{product.name} – Shop", "product")
