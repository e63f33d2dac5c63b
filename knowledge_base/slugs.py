"""The readable addresses of articles."""

import re
from itertools import count
from unicodedata import combining, normalize
from uuid import UUID

from django.db import IntegrityError, transaction

from helpdesk.errors import Invalid

from .models import MAX_SLUG, ArticleSlug

SLUG = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
WORD = re.compile(r"[^\W_]+")


def slug_of(title: str) -> str:
    """A title as an address has it.

    >>> slug_of("Über Rückgaben & Co."), slug_of("Возврат"), slug_of("?!")
    ('uber-ruckgaben-co', 'возврат', 'article')
    """
    plain = "".join(sign for sign in normalize("NFKD", title.casefold()) if not combining(sign))
    return "-".join(WORD.findall(normalize("NFC", plain)))[: MAX_SLUG - 10].strip("-") or "article"


def checked_slug(slug: str) -> str:
    trimmed = normalize("NFC", slug.strip()).lower()
    if len(trimmed) > MAX_SLUG or not SLUG.fullmatch(trimmed):
        raise Invalid(slug=f"Must be words of letters and digits, joined by hyphens, at most {MAX_SLUG} characters.")
    return trimmed


def take_slug(slug: str, article: UUID) -> str:
    """Have an article answer to a slug that nobody else has or had; raises Invalid."""
    if not hold(slug, article):
        raise Invalid(slug="Slug already exists")
    return slug


def take_slug_like(stem: str, article: UUID) -> str:
    """The stem, or the first of stem-2, stem-3, … that is free."""
    taken = set(ArticleSlug.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    for number in count(1):
        slug = stem if number == 1 else f"{stem}-{number}"
        # Somebody may take it between the question and the insert; then it is the next one's turn.
        if slug not in taken and hold(slug, article):
            return slug
    raise AssertionError  # count() has no end


def hold(slug: str, article: UUID) -> bool:
    if ArticleSlug.objects.filter(slug=slug).exists():
        return ArticleSlug.objects.filter(slug=slug, article=article).exists()
    try:
        with transaction.atomic():
            ArticleSlug(slug=slug, article_id=article).save(force_insert=True)
    except IntegrityError:
        return False
    return True
