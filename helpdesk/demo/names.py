"""Names to choose from. All domains end in .example, so no mail can ever reach anybody."""

from unicodedata import normalize


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = words(
    """
    Anna Ben Carla David Elif Felix Gina Hugo Ines Jamal Kira Liam Maya Noah Olga Paul Quinn Rosa Sven Tara Umar Vera
    Wim Xenia Yusuf Zoe Amara Björn Céline Dmitri Esther Farid Greta Hiro Isla Javier Katya Luca Mina Nils Aisha Bruno
    Camille Dario Eszter Frida Goran Hannah Ivan Jana Kofi Leila Mateo Nadia Oscar Paula Rahul Sofia Thabo Ulla Viktor
    Wanda Yuki Zahra
    """
)
LAST_NAMES = words(
    """
    Adler Bauer Costa Dubois Eriksen Ferrari García Hoffmann Ivanov Jansen Kowalski Larsen Moreau Novák O'Brien Petrov
    Quist Rossi Schmidt Turner Usman Vogel Weber Xu Yılmaz Zhang Ahmed Brandt Chen Doyle Engel Fuchs Gruber Haas Ito
    Jung Keller Lopez Meyer Nguyen Okoro Pereira Quinn Romano Sato Tóth Ueda Varga Walsh Yamamoto Zeman Andersen Bianchi
    Cohen Díaz Evans Fischer Greene Horváth Ibrahim
    """
)
COMPANY_NAMES = (
    "Alder & Sons", "Blue Harbor Logistics", "Cedar Clinic", "Delta Print", "Elmwood Schools", "Foxglove Media",
    "Granite Insurance", "Hillside Foods", "Iris Optics", "Juniper Travel", "Kestrel Aviation", "Lakeside Energy",
    "Maple Furniture", "Nimbus Hosting", "Orchard Bank", "Pinecone Toys", "Quarry Works", "Riverbend Hotels",
    "Saffron Kitchen", "Thistle Law",
)  # fmt: skip
# Further companies are put together from three words.
COLOURS = words(
    "Amber Azure Bright Copper Coral Crimson Golden Green Grey Indigo Ivory Jade Lilac Olive Red Rose Ruby Silver Teal "
    "Violet White"
)
THINGS = words(
    "Acorn Anchor Arrow Bridge Brook Canyon Castle Cliff Compass Crane Field Forest Garden Grove Heron Island Lantern "
    "Meadow Mill Mountain Oak Otter Owl Pebble Pine River Rock Sparrow Spring Star Stone Tower Valley Willow Wind"
)
TRADES = (
    ("Logistics", "Logistics"), ("Clinic", "Health"), ("Academy", "Education"), ("Studios", "Media"),
    ("Capital", "Finance"), ("Foods", "Food"), ("Travel", "Travel"), ("Power", "Energy"), ("Stores", "Retail"),
    ("Systems", "Technology"), ("Partners", "Consulting"), ("Builders", "Construction"), ("Motors", "Automotive"),
    ("Textiles", "Fashion"), ("Labs", "Research"), ("Gardens", "Agriculture"), ("Printing", "Media"),
)  # fmt: skip
INDUSTRIES = tuple(dict.fromkeys(industry for _, industry in TRADES))


def company_name(number: int) -> str:
    """The name of the company with this number; no two have the same, up to some twelve thousand."""
    if number < len(COMPANY_NAMES):
        return COMPANY_NAMES[number]
    rest, colour = divmod(number - len(COMPANY_NAMES), len(COLOURS))
    rest, thing = divmod(rest, len(THINGS))
    series, trade = divmod(rest, len(TRADES))
    # Shifted, so that neighbours do not share a word.
    parts = [COLOURS[colour], THINGS[(thing + colour * 5) % len(THINGS)], TRADES[(trade + thing) % len(TRADES)][0]]
    return " ".join([*parts, str(series + 1)] if series else parts)


def plain(text: str) -> str:
    """The text in lower-case ASCII letters and digits, for usernames and domains: í becomes i."""
    letters = normalize("NFKD", text.lower())
    return "".join(character for character in letters if character.isascii() and character.isalnum())
