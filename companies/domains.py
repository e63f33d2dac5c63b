"""E-mail domains, in the one form in which they are stored and compared."""

import re

import idna

from helpdesk.errors import Invalid

# Labels of letters, digits and hyphens; a last one of digits only would be an IP address.
HOST = re.compile(r"(?=.{1,253}$)(?!.*\.\d+$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MAX_DOMAINS = 100
MAX_LENGTH = 253  # characters


def normal_domain(text: str) -> str | None:
    """Lower case, without a leading @, international names in their ASCII form; None when it is no domain.

    By IDNA 2008, as mail is delivered today: the older form took straße.example for strasse.example, which may well
    belong to somebody else.

    >>> normal_domain(" @Bücher.Example ")
    'xn--bcher-kva.example'
    """
    domain = text.strip().lstrip("@").lower()
    if not domain.isascii():
        if len(domain) > MAX_LENGTH:
            return None
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except UnicodeError:
            return None
    domain = domain.rstrip(".")
    return domain if HOST.fullmatch(domain) else None


def domain_of(email: str) -> str | None:
    return normal_domain(email.rpartition("@")[2])


def clean_domains(domains: list[str]) -> list[str]:
    """Distinct domains in their order; raises Invalid, naming the first that is none."""
    distinct: dict[str, None] = {}
    for text in dict.fromkeys(domains):
        domain = normal_domain(text)
        if domain is None:
            raise Invalid(domains=f"{text[:80]!r} is not a domain such as example.com.")
        distinct[domain] = None
        if len(distinct) > MAX_DOMAINS:
            raise Invalid(domains=f"At most {MAX_DOMAINS} domains are allowed.")
    return list(distinct)
