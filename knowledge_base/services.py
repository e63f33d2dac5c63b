"""The verbs of categories, folders and articles.

`actor` is the acting user, None for the system. A deleted category or folder must be empty: nobody loses articles, or
finds them somewhere else, by tidying up.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.throttling import Limit, hit
from audit.services import record_change, record_creation, record_deletion, record_order
from audit.services import snapshot as values_of
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.json_values import same
from helpdesk.tags import clean_tags
from helpdesk.transactions import in_one_transaction

from . import searching, workflow
from .models import Article, ArticleFeedback, ArticleVersion, Category, Folder, SolvedQuestion, Visibility
from .signals import article_published
from .slugs import checked_slug, slug_of, take_slug, take_slug_like

TEXT_FIELDS = ("title", "content", "excerpt", "tags", "seo_title", "seo_description")  # what versions keep
ORDER_STEP = 10
GUESTS = Limit(300, 60 * 60)  # voices without a name on one article
Found = TypeVar("Found", bound=models.Model)


# --- Categories ---------------------------------------------------------------------------------------


@in_one_transaction
def create_category(*, actor: User | None, **values: Any) -> Category:
    return store(Category(id=new_id(), created_at=timezone.now()), values, actor=actor)


@in_one_transaction
def update_category(category: UUID, *, actor: User | None, **values: Any) -> Category:
    return store(lock(Category, category), values, actor=actor)


@in_one_transaction
def delete_category(category: UUID, *, actor: User | None) -> None:
    """Drop an empty category; raises Conflict while it holds anything."""
    # With the key: what is about to be put into it waits, or makes us wait.
    locked = lock(Category, category, key=True)
    require_empty("category", folders=locked.folders.count(), articles=locked.articles.count())
    record_deletion(locked, actor=actor)
    locked.delete()


# --- Folders ------------------------------------------------------------------------------------------


@in_one_transaction
def create_folder(*, actor: User | None, **values: Any) -> Folder:
    check_folder(values)
    return store(Folder(id=new_id(), created_at=timezone.now()), values, actor=actor)


@in_one_transaction
def update_folder(folder: UUID, *, actor: User | None, **values: Any) -> Folder:
    """Change a folder; its articles go along to another category. Raises Forbidden where that takes an admin."""
    locked = lock(Folder, folder)
    before = locked.category_id
    check_folder(values)
    if "visibility" in values:
        workflow.require_right_to_open(locked, values["visibility"], actor=actor)
    store(locked, values, actor=actor)
    if locked.category_id != before:
        locked.articles.update(category=locked.category_id, updated_at=timezone.now())
    return locked


@in_one_transaction
def delete_folder(folder: UUID, *, actor: User | None) -> None:
    """Drop an empty folder; raises Conflict while it holds articles."""
    locked = lock(Folder, folder, key=True)
    require_empty("folder", articles=locked.articles.count())
    record_deletion(locked, actor=actor)
    locked.delete()


def check_folder(values: dict[str, Any]) -> None:
    if "category_id" in values:
        require_category(values["category_id"])
    if values.get("visibility", Visibility.ALL) not in Visibility.values:
        raise Invalid(visibility=f"Must be one of: {', '.join(Visibility.values)}.")


def require_empty(what: str, **contents: int) -> None:
    held = " and ".join(f"{count} {name if count > 1 else name[:-1]}" for name, count in contents.items() if count)
    if held:
        raise Conflict(f"This {what} still holds {held}. Move or delete them first.")


# --- Articles -----------------------------------------------------------------------------------------


@in_one_transaction
def create_article(*, actor: User | None, **values: Any) -> Article:
    """Write an article: a draft, unless more is asked for and the actor may; raises Invalid, Forbidden, Conflict."""
    now = timezone.now()
    article = Article(id=new_id(), created_at=now, updated_at=now, author=actor)
    status = workflow.wanted_status(article.status, values)
    fill(article, values)
    # A folder is in a category, so naming the one is naming the other.
    if not article.category_id:
        raise Invalid(category_id="Name a category, or a folder that is in one.")
    slug = values.get("slug")
    article.slug = (
        take_slug(checked_slug(slug), article.pk) if slug else take_slug_like(slug_of(article.title), article.pk)
    )
    workflow.move(article, status, actor=actor, now=now)
    article.save(force_insert=True)
    searching.enter(article)
    keep_version(article, list(TEXT_FIELDS), actor=actor, now=now)
    tell(article, "draft", actor=actor)
    return article


@in_one_transaction
def update_article(article: UUID, *, actor: User | None, **values: Any) -> Article:
    """Change an article; what changes nothing writes nothing.

    The status moves first when it goes back to draft, and last otherwise, so that one request can take an article back
    and change it, or change and submit it.
    """
    locked = lock(Article, article)
    now = timezone.now()
    status, before = workflow.wanted_status(locked.status, values), snapshot(locked)
    if status not in workflow.APPROVED_STATUSES:
        workflow.move(locked, status, actor=actor, now=now)
    fill(locked, values)
    if values.get("slug"):
        locked.slug = take_slug(checked_slug(values["slug"]), locked.pk)
    changed = differences(before, locked)
    if any(name not in ("status", "approver_id", "approved_at") for name in changed):
        workflow.require_right_to_edit(locked, actor=actor)
    workflow.move(locked, status, actor=actor, now=now)
    return save_changes(locked, before, actor=actor, now=now)


@in_one_transaction
def delete_article(article: UUID, *, actor: User | None) -> None:
    """Permanently, with its versions, feedback and slugs; the audit log keeps what it said."""
    locked = lock(Article, article, key=True)
    record_deletion(locked, actor=actor)
    locked.delete()


@in_one_transaction
def restore_version(article: UUID, version: UUID, *, actor: User | None) -> Article:
    """Give an article the text of one of its versions; its status stays, and the restoring is a version of its own."""
    locked = lock(Article, article)
    kept = locked.versions.filter(pk=version).first()
    if kept is None:
        raise NotFound("This version does not exist.")
    before, now = snapshot(locked), timezone.now()
    for name in TEXT_FIELDS:
        setattr(locked, name, getattr(kept, name))
    if differences(before, locked):
        workflow.require_right_to_edit(locked, actor=actor)
    return save_changes(locked, before, actor=actor, now=now, restored_from=kept)


def fill(article: Article, values: dict[str, Any]) -> None:
    """Set attributes of an article and check what they refer to; raises Invalid."""
    for name in (*TEXT_FIELDS, "author_id"):
        if name in values:
            setattr(article, name, values[name])
    article.title = article.title.strip()
    article.tags = clean_tags(article.tags)
    if values.get("author_id") and not User.objects.staff().filter(pk=values["author_id"]).exists():
        raise Invalid(author_id="No active agent or admin has this id.")
    place(article, values)


def place(article: Article, values: dict[str, Any]) -> None:
    """Put an article into a category and a folder, which must belong together; raises Invalid."""
    category_id, folder_id = values.get("category_id"), values.get("folder_id")
    if "category_id" in values:
        article.category_id = require_category(category_id)
        if article.folder and article.folder.category_id != category_id and "folder_id" not in values:
            article.folder = None
    if "folder_id" not in values:
        return
    folder = Folder.objects.select_for_update(no_key=True).filter(pk=folder_id).first() if folder_id else None
    if folder_id and folder is None:
        raise Invalid(folder_id="No folder has this id.")
    if folder and category_id and folder.category_id != category_id:
        raise Invalid(folder_id="This folder is in another category.")
    article.folder = folder
    if folder:
        article.category_id = folder.category_id


def require_category(category_id: UUID | None) -> UUID:
    if category_id is None or not Category.objects.filter(pk=category_id).exists():
        raise Invalid(category_id="No category has this id.")
    return category_id


def snapshot(article: Article) -> dict[str, Any]:
    names = (*TEXT_FIELDS, "slug", "category_id", "folder_id", "author_id", "status", "approver_id", "approved_at")
    return {name: getattr(article, name) for name in names}


def differences(before: dict[str, Any], article: Article) -> list[str]:
    return [name for name, value in before.items() if not same(value, getattr(article, name))]


def save_changes(
    article: Article,
    before: dict[str, Any],
    *,
    actor: User | None,
    now: datetime,
    restored_from: ArticleVersion | None = None,
) -> Article:
    changed = differences(before, article)
    if not changed:
        return article
    article.updated_at = max(now, article.updated_at)
    article.save(update_fields=[*changed, "updated_at"])
    if not {"title", "content", "excerpt", "tags"}.isdisjoint(changed):
        searching.enter(article)
    if kept := [name for name in changed if name in (*TEXT_FIELDS, "status")]:
        keep_version(article, kept, actor=actor, now=now, restored_from=restored_from)
    tell(article, before["status"], actor=actor)
    return article


def keep_version(
    article: Article,
    changed: list[str],
    *,
    actor: User | None,
    now: datetime,
    restored_from: ArticleVersion | None = None,
) -> None:
    """Remember the article as it is now; its row is locked, or new, so the numbers have no gaps."""
    last = article.versions.aggregate(last=models.Max("number"))["last"] or 0
    ArticleVersion(
        id=new_id(),
        article=article,
        number=last + 1,
        user=actor,
        changed=changed,
        restored_from=restored_from,
        status=article.status,
        created_at=now,
        **{name: getattr(article, name) for name in TEXT_FIELDS},
    ).save(force_insert=True)


def tell(article: Article, before: str, *, actor: User | None) -> None:
    if article.is_published and before != article.status:
        article_published.send(Article, article=article, actor=actor)


# --- Feedback -----------------------------------------------------------------------------------------


@in_one_transaction
def give_feedback(
    article: UUID, *, is_helpful: bool, user_id: UUID | None = None, comment: str | None = None
) -> tuple[ArticleFeedback, bool]:
    """Say whether an article helped; returns the feedback, and whether it is new.

    A person has one voice: what they say later replaces what they said before. Guests are counted each time, so only
    so many of them in an hour, whichever door they come through; raises TooManyAttempts, Invalid.
    """
    if user_id is None:
        hit("article feedback", str(article), GUESTS)
    elif not User.objects.active().filter(pk=user_id).exists():
        raise Invalid(user_id="No active user has this id.")
    # Whoever counts holds the article, so that the figures are those of the rows.
    locked = lock(Article, article)
    given = locked.feedback.filter(user=user_id).first() if user_id else None
    if given is None:
        given = ArticleFeedback(id=new_id(), article=locked, user_id=user_id, created_at=timezone.now())
        is_new, voices = True, {voice(is_helpful): 1}
    else:
        is_new = False
        voices = {voice(is_helpful): 1, voice(given.is_helpful): -1} if given.is_helpful != is_helpful else {}
    given.is_helpful, given.comment = is_helpful, comment
    given.save(force_insert=is_new)
    if voices:
        Article.objects.filter(pk=locked.pk).update(**{name: F(name) + by for name, by in voices.items()})
    return given, is_new


@in_one_transaction
def withdraw_feedback(feedback: ArticleFeedback) -> None:
    """Take a voice back, and out of the count."""
    locked = lock(Article, feedback.article_id)
    if ArticleFeedback.objects.filter(pk=feedback.pk).delete()[0]:
        name = voice(feedback.is_helpful)
        Article.objects.filter(pk=locked.pk).update(**{name: F(name) - 1})


def voice(is_helpful: bool) -> str:
    return "helpful_count" if is_helpful else "not_helpful_count"


def note_solved(article: UUID, *, question: str, user_id: UUID | None = None) -> SolvedQuestion:
    """An article answered what would have become a request; raises NotFound."""
    if not Article.objects.published().filter(pk=article).exists():
        raise NotFound("This article does not exist.")
    return SolvedQuestion.objects.create(
        id=new_id(), article_id=article, user_id=user_id, question=question[:200], created_at=timezone.now()
    )


# --- What the verbs are made of -----------------------------------------------------------------------


def lock(model: type[Found], pk: UUID, *, key: bool = False) -> Found:
    """The row as it is now, held against other writers; with `key` also against rows that would refer to it."""
    found = model._default_manager.select_for_update(no_key=not key, of=("self",)).filter(pk=pk).first()
    if found is None:
        raise NotFound(f"This {model._meta.verbose_name} does not exist.")
    return found


@in_one_transaction
def put_in_order(rows: models.QuerySet, keys: Sequence[UUID], *, actor: User | None) -> None:
    """Put these of all categories, or of the folders of one, into this order, in the places that they have there."""
    before = list(rows.select_for_update(no_key=True, of=("self",)))
    known = {row.pk: row for row in before}
    chosen = dict.fromkeys(key for key in keys if key in known)
    wanted = iter(chosen)
    after = [known[next(wanted)] if row.pk in chosen else row for row in before]
    record_order(before, after, actor=actor)
    for place, row in enumerate(after):
        row.order = place * ORDER_STEP
    rows.model._default_manager.bulk_update(after, ["order"])


def store(row: Found, values: dict[str, Any], *, actor: User | None) -> Found:
    """Save a category or a folder with these values."""
    is_new, before = row._state.adding, values_of(row)
    for name, value in values.items():
        setattr(row, name, value.strip() if name == "name" else value)
    row.save()
    if is_new:
        record_creation(row, actor=actor)
    else:
        record_change(row, before, actor=actor)
    return row
