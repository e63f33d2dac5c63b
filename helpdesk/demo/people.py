"""The people of the demo: staff and their groups, companies, and the customers who write."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import orjson

from .desk import LANGUAGES, PLANS
from .ids import dashed, id_at, text_of
from .names import COMPANY_NAMES, FIRST_NAMES, INDUSTRIES, LAST_NAMES, TRADES, company_name, plain
from .rhythm import DAY, DAYS, HOUR
from .scenarios.script import BILLING, FIRST_LINE, SHIPPING, TECHNICAL
from .writers import Row

# Name, role, ticket scope.
STAFF = (
    ("Nora Berg", "admin", "global"), ("Samuel Okafor", "admin", "global"), ("Lena Fischer", "agent", "global"),
    ("Diego Ramírez", "agent", "global"), ("Aiko Tanaka", "agent", "global"), ("Priya Nair", "agent", "global"),
    ("Tom Whitaker", "agent", "group"), ("Chloé Martin", "agent", "global"), ("Jonas Lindqvist", "agent", "global"),
    ("Fatima Haddad", "agent", "global"), ("Marek Nowak", "agent", "group"), ("Grace Mensah", "agent", "restricted"),
)  # fmt: skip
# Name, description, whether tickets are assigned at once and how, positions of the members in STAFF; the first leads.
GROUPS = (
    (FIRST_LINE, "Everything that comes in", False, "round_robin", (2, 3, 4, 5, 6)),
    (BILLING, "Invoices, payments, contracts", True, "load_balanced", (7, 5, 8)),
    (TECHNICAL, "What first line cannot solve", False, "load_balanced", (8, 9, 10, 11)),
    (SHIPPING, "Parcels, there and back", False, "round_robin", (4, 3, 6)),
)
BEGIN = 430 * DAY  # how long before the end of the demo it all began
USER_COLUMNS = (
    "id", "username", "email", "email_key", "name", "phone", "role", "ticket_scope", "company_id", "tags",
    "custom_fields", "password", "email_verified_at", "created_at", "updated_at",
)  # fmt: skip
COMPANY_COLUMNS = (
    "id", "name", "description", "domains", "industry", "health_score", "account_tier", "renewal_date",
    "custom_fields", "notes", "created_at", "updated_at",
)  # fmt: skip
HEALTH = ("happy", "happy", "happy", "neutral", "neutral", "at_risk")
TIERS = ("free", "basic", "basic", "premium", "premium", "enterprise")
NOTES = (None, None, None, "Prefers to be called.", "Pays late, but pays.", "Reference customer.", "Renews in spring.")
TAGS = ((), (), (), (), ("vip",), ("beta",), ("newsletter",), ("vip", "beta"))
UNUSABLE = "!"  # Django's mark for: no password opens this account


@dataclass(frozen=True, slots=True)
class Colleague:
    id: str
    name: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0]

    @property
    def shown_id(self) -> str:
        return dashed(self.id)


def staff_rows(end: int, random: Random) -> Iterator[Row]:
    for number, (name, role, scope) in enumerate(STAFF):
        begin = end - BEGIN + number * HOUR
        local = ".".join(plain(part) for part in name.split())
        yield (
            id_at(begin, random), f"demo.{local}", f"{local}@helpdesk.example", f"{local}@helpdesk.example", name,
            f"+1 555 01{number:02d}", role, scope, None, "[]", "{}", UNUSABLE, text_of(begin), text_of(begin),
            text_of(begin),
        )  # fmt: skip


class Companies:
    """Organisations; kept of each is only the id."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.ids: list[str] = []
        self.tiers: list[str] = []

    def rows(self, end: int, random: Random) -> Iterator[Row]:
        for number in range(self.count):
            begin = end - BEGIN + 2 * DAY + number * 20 * DAY // self.count
            self.ids.append(id_at(begin, random))
            renewal = end + random.randrange(20, 380) * DAY
            fields = {
                "contract_number": f"C-{1000 + number}",
                "seats": random.randrange(3, 400),
                "plan": random.choice(PLANS),
            }
            name, industry = company_name(number), industry_of(company_name(number), random)
            health, tier = random.choice(HEALTH), random.choice(TIERS)
            self.tiers.append(tier)
            yield (
                self.ids[-1], name, None, orjson.dumps([domain_of(number)]).decode(), industry, health, tier, text_of(renewal), orjson.dumps(fields).decode(),
                random.choice(NOTES), text_of(begin), text_of(begin),
            )  # fmt: skip


def domain_of(number: int) -> str:
    """The short form people know for the first ones, the whole name for the others."""
    name = company_name(number)
    return f"{plain(name.split()[0] if number < len(COMPANY_NAMES) else name)}.example"


def industry_of(name: str, random: Random) -> str:
    for trade, industry in TRADES:
        if trade in name.split():
            return industry
    return random.choice(INDUSTRIES)


class Customers:
    """Contacts in the order in which they came; kept of each are a few bytes, however many there are."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.high, self.low = array("Q"), array("Q")  # the halves of the id
        self.since = array("q")
        self.first_names = array("H")
        self.tiers = array("b")  # of their companies, by place; -1 for those who have none

    def rows(self, companies: Companies, end: int, random: Random) -> Iterator[Row]:
        """Half of them were there before the first ticket; two in three belong to a company."""
        known = self.count // 2
        old, year = end - BEGIN + 25 * DAY, end - DAYS * DAY
        for number in range(self.count):
            later = number + random.random()  # never earlier than the one before
            if number < known:
                since = old + int(later / known * (year - HOUR - old))
            else:
                since = year + int((later - known) / (self.count - known) * (DAYS - 1) * DAY)
            first, last = random.randrange(len(FIRST_NAMES)), random.choice(LAST_NAMES)
            company = random.randrange(companies.count) if random.random() < 0.66 else None
            key = id_at(since, random)
            self.high.append(int(key[:16], 16))
            self.low.append(int(key[16:], 16))
            self.since.append(since)
            self.first_names.append(first)
            self.tiers.append(-1 if company is None else TIERS.index(companies.tiers[company]))
            local = f"{plain(FIRST_NAMES[first])}.{plain(last)}{number}"
            email = f"{local}@{'mail.example' if company is None else domain_of(company)}"
            fields = {"language": random.choice(LANGUAGES), "newsletter": random.random() < 0.3}
            moment = text_of(since)
            yield (
                key, f"demo.{local}", email, email, f"{FIRST_NAMES[first]} {last}",
                f"+1 555 {random.randrange(10_000):04d}" if random.random() < 0.5 else None, "customer", "global",
                None if company is None else companies.ids[company], orjson.dumps(random.choice(TAGS)).decode(),
                orjson.dumps(fields).decode(), UNUSABLE, None, moment, moment,
            )  # fmt: skip

    def someone(self, moment: int, random: Random) -> tuple[str, str, str | None]:
        """Id, first name and tier of a customer who was there at that moment; some write more often than others."""
        number = int(bisect_right(self.since, moment) * random.random() ** 1.5)
        tier = self.tiers[number]
        key = f"{self.high[number]:016x}{self.low[number]:016x}"
        return key, FIRST_NAMES[self.first_names[number]], None if tier < 0 else TIERS[tier]
