"""Tags: short words in the order they were given."""

from collections.abc import Iterable

from .errors import Invalid

MAX_TAGS = 50
MAX_LENGTH = 64  # characters


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Trimmed, without blanks and duplicates, in their order; raises Invalid for too many or too long ones.

    >>> clean_tags([" vip", "vip", "", "eu"])
    ['vip', 'eu']
    """
    cleaned = list(dict.fromkeys(tag for tag in (tag.strip() for tag in tags) if tag))
    if len(cleaned) > MAX_TAGS:
        raise Invalid(tags=f"At most {MAX_TAGS} tags are allowed.")
    if any("\x00" in tag for tag in cleaned):
        raise Invalid(tags="A tag cannot hold NUL.")
    if any(len(tag) > MAX_LENGTH for tag in cleaned):
        raise Invalid(tags=f"A tag can have {MAX_LENGTH} characters at most.")
    return cleaned
