"""What the shop sells, and the words that people search it with."""

from dataclasses import dataclass
from typing import Final

SITE: Final = "https://shop.example.com"
CURRENCY: Final = "EUR"
SHIPPING: Final = 4.90


@dataclass(frozen=True, slots=True)
class Product:
    """One article; `price` in `CURRENCY`, `popularity` a relative weight."""

    product_id: str
    name: str
    category: str
    price: float
    popularity: int


PRODUCTS: Final = (
    Product("sh-101", "Trail Runner", "shoes", 119.00, 9),
    Product("sh-102", "Alpine Boot", "shoes", 189.95, 5),
    Product("sh-103", "City Sneaker", "shoes", 89.90, 8),
    Product("sh-104", "Hut Slipper", "shoes", 39.90, 3),
    Product("ja-201", "Regenjacke Grün", "jackets", 149.00, 8),
    Product("ja-202", "Down Jacket", "jackets", 229.00, 6),
    Product("ja-203", "Wind Vest", "jackets", 79.50, 3),
    Product("ba-301", "Day Pack 22", "bags", 69.95, 7),
    Product("ba-302", "Trekking Pack 55", "bags", 179.00, 4),
    Product("ba-303", "Hip Bag", "bags", 24.90, 4),
    Product("ac-401", "Wool Socks", "accessories", 14.95, 8),
    Product("ac-402", "Mütze Merino", "accessories", 29.90, 5),
    Product("ac-403", "Steel Bottle", "accessories", 22.50, 6),
    Product("ac-404", "Headlamp", "accessories", 44.00, 4),
)
CATEGORIES: Final = tuple(dict.fromkeys(product.category for product in PRODUCTS))
SEARCHES: Final = (
    ("regenjacke grün", 2),
    ("trail shoes", 3),
    ("rucksack 50l", 4),
    ("mütze", 1),
    ("wool socks", 2),
    ("boots size 44", 5),
    ("gift card", 0),
    ('tent "2 persons"', 0),
)
