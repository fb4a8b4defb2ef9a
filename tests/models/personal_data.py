"""What personal data is, in plain Python, and texts that hold it or only look like it."""

import re
from urllib.parse import unquote, unquote_plus

CARDS = [
    *("4111111111111111", "4222222222222", "5555555555554444", "2223003122003222"),
    *("378282246310005", "30569309025904", "38520000023237", "3530111333300000"),
    *("6011111111111117", "6200000000000005", "6759649826438453", "4000000000000000006"),
]
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"

HOLD: dict[str, list[str]] = {
    "email": [
        "anna@example.com",
        "Anna.Berg+shop@mail.example.co.uk",
        "write to o'neil_@example.org, please",
        "https://shop.example.com/?mail=anna%40example.com&x=1",
        "müller@exämple.de",
        "1@163.com",
        "<anna@example.museum>",
        'mailto:"anna"@example.com anna@example.com',
        "logo@2x.png anna@example.com",
        "a@xn--bcher-kva.xn--p1ai",
        "git@github.com:a/b.git from anna@example.com",
        "git@example.com",
        "https://social.example/@anna/b@example.com",
    ],
    "card_number": [
        *CARDS,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "3782 822463 10005",
        "card: 4111111111111111.",
        "https://shop.example.com/?card=4111111111111111&x=1",
        "https://shop.example.com/?card=4111%201111%201111%201111",
        "https://shop.example.com/?card=4111+1111+1111+1111",
        "x%3D4111111111111111",
        "4111111111111112 4111111111111111",
        "4111111111111112,5555555555554444",
        "(5555555555554444)",
        "4111 1111 1111 1111 123 12/27",
    ],
    "phone": [
        "+491701234567",
        "+49 170 1234567",
        "+1 (555) 123-4567",
        "+1.555.123.4567",
        "+44 20 7946 0958",
        "call +4930123456!",
        "https://shop.example.com/?tel=%2B491701234567",
        "https://shop.example.com/?tel=%2B49+170+1234567",
        "https://shop.example.com/?tel=%2B49%20170%201234567",
        "0049 170 1234567",
        "(555) 123-4567",
        "555-123-4567",
        "tel:+49-170-1234567",
    ],
    "url_token": [
        "https://shop.example.com/?token=abc",
        "https://shop.example.com/?x=1&access_token=abc",
        "https://shop.example.com/#id_token=abc",
        "/reset?Reset-Password-Token=abc",
        "https://shop.example.com/?api_key=1",
        "https://shop.example.com/?apikey=1",
        "https://shop.example.com/?user[password]=x",
        "https://shop.example.com/?user%5Bpassword%5D=x",
        "https://shop.example.com/?client_secret=x",
        "https://shop.example.com/a;jsessionid=1A2B",
        "https://shop.example.com/?sid=1A2B3C4D",
        "https://shop.example.com/?connect.sid=1A2B3C4D",
        "https://shop.example.com/?user[session_id]=1A2B3C4D",
        "https://shop.example.com/?page_token=2&token=abc",
        "https://shop.example.com/?page=2&my_page_token=abc",
        "https://shop.example.com/?PHPSESSID=1A2B",
        "https://shop.example.com/?jwt=x",
        "https://shop.example.com/?next=%2Flogin%3Ftoken%3Dabc",
        JWT,
        f"Bearer {JWT}",
    ],
}
LOOK_ALIKE = [
    "550e8400-e29b-41d4-a716-446655440000",
    "12345678-1234-4123-8123-123456789012",
    "41111111-1111-4111-8111-411111111111",
    "1790812800000",
    "1790812800000000",
    "1790812800",
    "2026-10-01",
    "2026-10-01T12:00:00+02:00",
    "2026-10-01T12:00:00.123456+00:00",
    "01.10.2026 12:30",
    "20261001123045",
    "2026100112304512",
    "1234.56",
    "1,234,567.89",
    "1 234 567.89 EUR",
    "+12.5 %",
    "4111111111111.11111",
    "0.4111111111111111",
    "ORD-2026-000123",
    "100-2345678-9",
    "112-1234567-1234567",
    "000123456789",
    "2026000000123456",
    "4111111111111112",
    "1234567890123456",
    "order4111111111111111",
    "4111111111111111abc",
    "1.2.3",
    "10.0.19041.1234",
    "1.0.0-beta+20130313144700",
    "v1.2.3+20261001123",
    "react@18.2.0",
    "@babel/core@7.2.io",
    "%40babel%2Fcore%407.2.io",
    "git@github.com:scope/package.git",
    "https://shop.example.com/?page_token=CAUQAA",
    "https://shop.example.com/?a=1&nextPageToken=CAUQAA&b=2",
    "https://shop.example.com/?next_page_token=CAUQAA",
    "https://shop.example.com/?csrf_token=1A2B3C4D5E6F",
    "https://shop.example.com/?xsrf-token=1A2B3C4D5E6F",
    "https://shop.example.com/?sid=12",
    "https://shop.example.com/?auth=google",
    "https://shop.example.com/?session_id=1234567&page=2",
    "https://shop.example.com/?aside=12345678",
    "vue@3.2.1-beta.4",
    "@scope/package",
    "logo@2x.png",
    "https://cdn.example.com/icons/logo@3x.webp?v=1",
    "a @ b",
    "me@localhost",
    "192.168.100.200",
    "52.520008, 13.404954",
    "q=iphone+15+128gb",
    "https://shop.example.com/?q=iphone+1512345678901",
    "https://shop.example.com/?page=2&tokens=5",
    "https://shop.example.com/?category=shoes&inside=1",
    "token=abc",
    "my secret=x",
    "https://shop.example.com/?token=&x=1",
    "eyJhbGciOiJIUzI1NiJ9",
    "978-3-16-148410-0",
    "GA1.2.1234567890.1790812800",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
    "",
    " ",
]


def luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """By the lengths and first digits that the networks publish."""
    prefix = int(digits[:4])
    issued = {
        13: prefix // 1000 == 4,
        14: 3000 <= prefix <= 3059 or prefix // 100 in (36, 38, 39),
        15: prefix // 100 in (34, 37),
        16: prefix // 1000 in (4,)
        or prefix // 100 in range(51, 56)
        or 2221 <= prefix <= 2720
        or 2200 <= prefix <= 2204
        or 3528 <= prefix <= 3589
        or prefix == 6011
        or prefix // 10 in range(644, 660)
        or prefix // 100 == 62,
        17: prefix // 100 == 62,
        18: prefix // 100 == 62,
        19: prefix // 1000 == 4 or prefix // 100 == 62,
    }
    maestro = {5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763}
    is_known = issued.get(len(digits), False) or (prefix in maestro and 13 <= len(digits) <= 19)
    return is_known and luhn(digits)


def cards_in(text: str) -> bool:
    """Whether a number of a card stands alone in a text, in one piece or in the groups of a card."""
    alone = r"(?<![\w.-])(%s)(?!\w)"
    grouped = r"[2-6]\d{3}(?:[ -]\d{4}){3}|3\d{3}[ -]\d{6}[ -]\d{4,5}"
    for decoded in {text, unquote(text), unquote_plus(text)}:
        for found in re.finditer(alone % r"\d{13,19}", decoded, re.ASCII):
            if is_card(found.group()):
                return True
        for found in re.finditer(alone % grouped, decoded, re.ASCII):
            if luhn(re.sub("[ -]", "", found.group())):
                return True
    return False
