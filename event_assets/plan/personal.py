"""What smells of a person: names of properties, and texts in them. For drafts; people decide.

Rather too often than too seldom: a false alarm costs a line in a draft, a miss shows a person's
data in the plan.
"""

from __future__ import annotations

import itertools
import re

from event_assets.plan.schemas import SENSITIVITIES, Sensitivity


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_PERSONAL_WORDS = _words(
    "address age allergy birth birthday birthdate bic card cardholder city cpf cvc cvv diagnosis",
    "disease dob email fax illness medication symptom",
    "firstname forename fullname gender geo iban ip ipaddress lastname lat latitude lng location lon",
    "longitude mail mobile msisdn name nick nickname passport passwd password phone plz postal postcode",
    "race religion salary secret sex ssn street surname tel telephone token username vat zip",
    "zipcode",
)
# what people write themselves
_FREE_TEXT_WORDS = _words(
    "comment feedback message msg note notes prompt query review search term text"
)
# someone, and by no id: `author`, `assigned_to`, `account_holder`; an `author_count` tells it not
_PEOPLE_WORDS = _words(
    "applicant assigned assignee attendee author beneficiary buyer doctor driver employee guest",
    "holder login manager owner patient payee payer recipient seller sender signer student teacher",
)
_LINKING_WORDS = frozenset({"by", "of", "to"})
# who it was: `user`, `user_id`; a `user_type` tells it not
_WHO_WORDS = _words(
    "account anonymous client contact customer device fingerprint guid idfa idfv gaid member person",
    "session subscriber user uuid visitor",
)
# an attribute of a thing, not of a person: `product_name`, `file_name`, `event_name`
_THINGS = _words(
    "app artist brand browser campaign category class collection component event feature field",
    "file form item list method model module page plan playlist product route screen section shop",
    "site song step store tab track type variant widget",
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ID_WORDS = frozenset({"id", "ids", "key", "number", "no", "nr", "ref", "reference", "sku"})

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"(?:\+|00)\d[\d\s().-]{6,}\d|\(?\d{2,5}\)?[\s./-]\d{2,5}[\s./-]\d{2,6}")
_CARD = re.compile(r"(?<!\d)[3-6](?:[ -]?\d){12,18}(?!\d)")
_IP = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])|(?:[0-9a-fA-F]{1,4}:){4,}")
_TOKEN = re.compile(r"eyJ[\w-]{10,}\.|(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[\w+/=-]{24,}")
_TOKEN_WITHIN = 200  # characters; a longer text is no example anyway
_DATE = re.compile(r"\d{4}[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-]\d{4}")
_DIGITS_OF_PHONE = 7
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RUN_OF_TOKEN = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z\d]{16,}|eyJ[\w-]{10,}\.")
_BETWEEN_PARTS = (re.compile(r"[_:/|]+"), re.compile(r"[\s_:/|]+"))
_PARTICLES = _words("al bin da de del della den der di dos du el la le of ten ter van von zu")
_WORD_OF_PERSON = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]*)*")
_MOST_WORDS_OF_PERSON = 4
_VERSION = re.compile(r"v?\d+(?:\.\d+)+\S*")
_ID_LIKE = re.compile(r"(?=.*\d)[\w-]{10,}|\d{5,}|[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*")


def smell_of_name(name: str) -> Sensitivity:
    """What a property of this name may hold."""
    words = [word.lower() for word in _WORDS.findall(name)]
    joined = {one + other for one, other in itertools.pairwise(words)}
    if {"hash", "hashed", "sha256", "md5"} & {*words, *joined}:
        return "pseudonymous"
    personal = ({*words} | joined) & _PERSONAL_WORDS
    if personal == {"name"} and (len(words) > 1 and _THINGS & {*words}):
        personal = set[str]()
    if personal:
        return "personal"
    telling = [word for word in words if word not in _LINKING_WORDS]
    if _PEOPLE_WORDS & {*telling[-1:]}:
        return "personal"
    if words and words[-1] in _ID_WORDS and _PEOPLE_WORDS & {*words}:
        return "pseudonymous"
    names_someone = bool(_WHO_WORDS & {*words}) and (len(words) == 1 or words[-1] in _ID_WORDS)
    return "pseudonymous" if names_someone or _FREE_TEXT_WORDS & {*words[-1:]} else "none"


def smell_of_text(text: str) -> Sensitivity:
    """What a text shows of a person: an e-mail address, a phone, card or IP number, a token."""
    if ("@" in text and _EMAIL.search(text)) or _IP.search(text):
        return "personal"
    if any(_is_luhn(match) for match in _CARD.findall(text)):
        return "personal"
    if _is_phone(text.strip()):
        return "personal"
    return "pseudonymous" if _TOKEN.search(text, 0, _TOKEN_WITHIN) else "none"


def smells_within(name: str) -> bool:
    """Whether the name of an event or a member holds what belongs into a value: a person's data, an
    id, a token. Long names of words and digits are none."""
    parts = {part for between in _BETWEEN_PARTS for part in between.split(name)}
    return (
        any(smell_of_text(part) == "personal" for part in (name, *parts))
        or _UUID.search(name) is not None
        or _RUN_OF_TOKEN.search(name) is not None
    )


def is_name_of_thing(name: str) -> bool:
    """Whether the values are likely to be what things are called."""
    return bool(_THINGS & {word.lower() for word in _WORDS.findall(name)})


def looks_like_person(text: str) -> bool:
    """Whether a text is written as people's names are: a few words that begin with a capital."""
    words = [word for word in text.replace(",", " ").split() if word.lower() not in _PARTICLES]
    return 2 <= len(words) <= _MOST_WORDS_OF_PERSON and all(
        word[0].isupper() and _WORD_OF_PERSON.fullmatch(word) for word in words
    )


def looks_like_path(text: str) -> bool:
    """Whether a text may be a path or an address, the parts of which name anything."""
    return "/" in text or "\\" in text


def is_name_of_id(name: str) -> bool:
    """Whether the values are likely to be as many as the things they name."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return bool(words) and words[-1] in _ID_WORDS


def looks_like_id(text: str) -> bool:
    """Whether a text is likely to name one thing among many, of which there will be more."""
    return _ID_LIKE.fullmatch(text) is not None or _VERSION.fullmatch(text) is not None


def more_sensitive(one: Sensitivity, other: Sensitivity) -> Sensitivity:
    """The higher of two."""
    return one if SENSITIVITIES.index(one) >= SENSITIVITIES.index(other) else other


def _is_phone(text: str) -> bool:
    digits = sum(each.isdigit() for each in text)
    return digits >= _DIGITS_OF_PHONE and not _DATE.match(text) and bool(_PHONE.fullmatch(text))


def _is_luhn(written: str) -> bool:
    digits = [int(each) for each in written if each.isdigit()][::-1]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[1::2]]
    return len(digits) >= 13 and (sum(digits[::2]) + sum(doubled)) % 10 == 0
