"""E-mail domains, in the one form in which they are stored and compared."""

import re

from helpdesk.errors import Invalid

HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MAX_DOMAINS = 100


def normal_domain(text: str) -> str | None:
    """Lower case, without a leading @, international names in their ASCII form; None when it is no domain.

    >>> normal_domain(" @Bücher.Example ")
    'xn--bcher-kva.example'
    """
    try:
        domain = text.strip().lstrip("@").rstrip(".").lower().encode("idna").decode()
    except UnicodeError:
        return None
    return domain if HOST.fullmatch(domain) else None


def domain_of(email: str) -> str | None:
    return normal_domain(email.rpartition("@")[2])


def clean_domains(domains: list[str]) -> list[str]:
    """Distinct domains in their order; raises Invalid, naming the first that is none."""
    cleaned = []
    for text in domains:
        domain = normal_domain(text)
        if domain is None:
            raise Invalid(domains=f"{text[:80]!r} is not a domain such as example.com.")
        cleaned.append(domain)
    distinct = list(dict.fromkeys(cleaned))
    if len(distinct) > MAX_DOMAINS:
        raise Invalid(domains=f"At most {MAX_DOMAINS} domains are allowed.")
    return distinct
