"""The people and companies of the demo."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

STAFF = (
    ("Nora Berg", "admin"), ("Samuel Okafor", "admin"), ("Lena Fischer", "agent"), ("Diego Ramírez", "agent"),
    ("Aiko Tanaka", "agent"), ("Priya Nair", "agent"), ("Tom Whitaker", "agent"), ("Chloé Martin", "agent"),
    ("Jonas Lindqvist", "agent"), ("Fatima Haddad", "agent"), ("Marek Nowak", "agent"), ("Grace Mensah", "agent"),
)  # fmt: skip
GROUPS = (
    ("First line", "Everything that comes in", True, "round_robin", range(2, 8)),
    ("Billing", "Invoices, payments, contracts", True, "load_balanced", range(5, 9)),
    ("Technical", "What first line cannot solve", False, "load_balanced", range(8, 12)),
)
FIRST_NAMES = [
    "Anna",
    "Ben",
    "Carla",
    "David",
    "Elif",
    "Felix",
    "Gina",
    "Hugo",
    "Ines",
    "Jamal",
    "Kira",
    "Liam",
    "Maya",
    "Noah",
    "Olga",
    "Paul",
    "Quinn",
    "Rosa",
    "Sven",
    "Tara",
    "Umar",
    "Vera",
    "Wim",
    "Xenia",
    "Yusuf",
    "Zoe",
    "Amara",
    "Björn",
    "Céline",
    "Dmitri",
    "Esther",
    "Farid",
    "Greta",
    "Hiro",
    "Isla",
    "Javier",
    "Katya",
    "Luca",
    "Mina",
    "Nils",
]
LAST_NAMES = [
    "Adler",
    "Bauer",
    "Costa",
    "Dubois",
    "Eriksen",
    "Ferrari",
    "García",
    "Hoffmann",
    "Ivanov",
    "Jansen",
    "Kowalski",
    "Larsen",
    "Moreau",
    "Novák",
    "O'Brien",
    "Petrov",
    "Quist",
    "Rossi",
    "Schmidt",
    "Turner",
    "Usman",
    "Vogel",
    "Weber",
    "Xu",
    "Yılmaz",
    "Zhang",
    "Ahmed",
    "Brandt",
    "Chen",
    "Doyle",
    "Engel",
    "Fuchs",
    "Gruber",
    "Haas",
    "Ito",
    "Jung",
    "Keller",
    "Lopez",
    "Meyer",
    "Nguyen",
]
COMPANY_NAMES = (
    "Alder & Sons", "Blue Harbor Logistics", "Cedar Clinic", "Delta Print", "Elmwood Schools", "Foxglove Media",
    "Granite Insurance", "Hillside Foods", "Iris Optics", "Juniper Travel", "Kestrel Aviation", "Lakeside Energy",
    "Maple Furniture", "Nimbus Hosting", "Orchard Bank", "Pinecone Toys", "Quarry Works", "Riverbend Hotels",
    "Saffron Kitchen", "Thistle Law",
)  # fmt: skip
INDUSTRIES = (
    "Logistics",
    "Health",
    "Education",
    "Media",
    "Finance",
    "Food",
    "Travel",
    "Energy",
    "Retail",
    "Technology",
)


@dataclass(frozen=True)
class Person:
    name: str
    username: str
    email: str
    company: int | None  # position in the list of companies


def customers(count: int, random: Random) -> Iterator[Person]:
    """Contacts, two of three of them from a company."""
    for number in range(count):
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        company = random.randrange(len(COMPANY_NAMES)) if random.random() < 0.66 else None
        domain = company_domain(COMPANY_NAMES[company]) if company is not None else "mail.example"
        local = f"{plain(first)}.{plain(last)}{number}"
        yield Person(f"{first} {last}", f"demo.{local}", f"{local}@{domain}", company)


def company_domain(name: str) -> str:
    return f"{plain(name.split()[0])}.example"


def plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isascii() and character.isalpha())
