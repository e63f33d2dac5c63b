"""The pages of the knowledge base: writing, approving, comparing, bringing back."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from knowledge_base.admin.comparing import lines_between
from knowledge_base.models import Article, Category, Folder, Status
from knowledge_base.services import create_article, give_feedback, update_article
from tests.factories import CategoryFactory, FolderFactory

pytestmark = pytest.mark.django_db

NEW = reverse("admin:knowledge_base_article_add")


def as_user(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def desk(agent: User) -> Client:
    return as_user(agent)


def page_of(article: Any, name: str = "change", *more: Any) -> str:
    return reverse(f"admin:knowledge_base_{type(article)._meta.model_name}_{name}", args=[article.pk, *more])


def article(author: User, **values: Any) -> Article:
    given = {"title": "Refunds", "content": "Old\n", "category_id": CategoryFactory().pk, **values}
    return create_article(actor=author, **given)


def test_an_article_is_written_into_a_folder_and_changed_by_what_was_typed(desk: Client, agent: User) -> None:
    folder = FolderFactory()
    desk.post(NEW, {"title": "How?", "content": "So.\r\n\r\nThus.", "place": f"f:{folder.pk}", "tags": "a, b"})
    written = Article.objects.get()
    assert (written.folder_id, written.category_id, written.author) == (folder.pk, folder.category_id, agent)
    assert (written.content, written.tags, written.slug, written.excerpt) == ("So.\n\nThus.", ["a", "b"], "how", None)
    same = {"title": "How?", "content": "So.\r\n\r\nThus.", "place": f"f:{folder.pk}", "tags": "a, b", "slug": "how"}
    desk.post(page_of(written), same)
    assert written.versions.count() == 1, "nothing was changed, however the browser ends its lines"
    desk.post(page_of(written), {**same, "place": f"c:{folder.category_id}"})
    written.refresh_from_db()
    assert (written.folder_id, written.category_id) == (None, folder.category_id)


def test_an_article_is_no_longer_than_the_api_takes_it(desk: Client) -> None:
    """Its Markdown is laid out for every reader anew."""
    form = {"title": "How?", "place": f"c:{CategoryFactory().pk}"}
    answer = desk.post(NEW, {**form, "content": "a" * 200_001})
    assert "at most 200000 characters" in answer.content.decode()
    assert desk.post(NEW, {**form, "content": "a" * 200_000}).status_code == 302


STEPS = [
    ("agent", Status.DRAFT, "submit", Status.PENDING_APPROVAL),
    ("agent", Status.PENDING_APPROVAL, "withdraw", Status.DRAFT),
    ("agent", Status.PENDING_APPROVAL, "approve", Status.PENDING_APPROVAL),
    ("agent", Status.DRAFT, "publish", Status.DRAFT),
    ("agent", Status.APPROVED, "publish", Status.PUBLISHED),
    ("agent", Status.PUBLISHED, "unpublish", Status.DRAFT),
    ("admin", Status.PENDING_APPROVAL, "approve", Status.APPROVED),
    ("admin", Status.DRAFT, "publish", Status.PUBLISHED),
]


@pytest.mark.parametrize(("who", "before", "button", "after"), STEPS)
def test_articles_are_approved_by_admins_alone(
    admin: User, agent: User, who: str, before: str, button: str, after: str
) -> None:
    written = article(admin, status=before)
    browser = as_user(admin if who == "admin" else agent)
    allowed = button in {name.split("/")[-2] for name, _ in browser.get(page_of(written)).context["posted_buttons"]}
    answer = browser.post(page_of(written, button), follow=True)
    written.refresh_from_db()
    assert written.status == after
    assert allowed == (before != after), "buttons are shown to whom they do something for"
    assert allowed or "Only admins can approve articles." in answer.content.decode()
    assert button != "submit" or "waits for an admin to approve it" in answer.content.decode()


def test_what_is_approved_is_what_was_read(admin: User, agent: User) -> None:
    written = article(agent, status=Status.PENDING_APPROVAL)
    browser = as_user(admin)
    page = browser.get(page_of(written)).content.decode()
    update_article(written.pk, actor=agent, content="Slipped in")
    for status in (Status.PENDING_APPROVAL, Status.APPROVED):
        [seen] = set(re.findall(r'name="seen" value="([^"]+)"', page))
        answer = browser.post(page_of(written, "approve"), {"seen": seen, "next": page_of(written)}, follow=True)
        written.refresh_from_db()
        assert written.status == status
        page = answer.content.decode()
        assert ("Somebody changed this article" in page) == (status == Status.PENDING_APPROVAL)


def test_what_is_approved_is_kept_from_agents_and_their_text_is_not_lost(desk: Client, admin: User) -> None:
    written = article(admin, status=Status.PUBLISHED)
    assert "only admins change it" in desk.get(page_of(written)).content.decode()
    typed = {"title": "Mine", "content": "Typed", "place": f"c:{written.category_id}", "slug": written.slug}
    answer = desk.post(page_of(written), typed)
    shown = answer.content.decode()
    assert "set its status to draft first" in shown
    assert "Typed" in shown
    written.refresh_from_db()
    assert written.content == "Old\n"


def test_the_preview_is_safe_and_keeps_nothing(desk: Client) -> None:
    shown = desk.post(reverse("admin:knowledge_base_article_preview"), {"content": "**Bold** <script>x</script>"})
    assert shown.content.decode() == "<p><strong>Bold</strong> &lt;script&gt;x&lt;/script&gt;</p>\n"
    assert not Article.objects.exists()


def test_versions_tell_what_changed_and_bring_texts_back(desk: Client, agent: User) -> None:
    written = article(agent, content="one\ntwo\nthree")
    update_article(written.pk, actor=agent, content="one\n<2>\nthree", title="Money back")
    page = desk.get(page_of(written, "versions"))
    assert "&lt;2&gt;" in page.content.decode()
    told = {label: [f"{line.sign}{line.text}" for line in lines] for label, lines in page.context["differences"]}
    assert told == {"Title": ["-Refunds", "+Money back"], "Text": [" one", "-two", "+<2>", " three"]}
    first = written.versions.get(number=1)
    assert desk.get(page_of(written, "restore", first.pk)).status_code == 405
    desk.post(page_of(written, "restore", first.pk))
    written.refresh_from_db()
    assert (written.title, written.content) == ("Refunds", "one\ntwo\nthree")
    assert "Back to 1" in desk.get(page_of(written, "versions")).content.decode()


def test_long_texts_are_compared_around_their_changes() -> None:
    old = [str(number) for number in range(100)]
    lines = lines_between(old, [*old[:50], "new", *old[51:]])
    assert [f"{line.sign}{line.text}" for line in lines] == ["…", " 48", " 49", "-50", "+new", " 51", " 52"]
    assert lines_between(old, old) == []
    # As landmarks, a thousand lines that are all the same would take half a minute.
    assert {line.sign for line in lines_between(["a"] * 1000, ["a", "b"] * 500)} >= {"+", "-"}
    assert [line.text for line in lines_between(["a"], ["b"] * 5000)] == ["1 lines", "5000 lines, too many to compare"]


def test_feedback_and_search(desk: Client, agent: User) -> None:
    written = article(agent, content="about **invoices**")
    article(agent, title="Else")
    give_feedback(written.pk, is_helpful=False, comment="Too <short>")
    assert "Too &lt;short&gt;" in desk.get(page_of(written, "feedback")).content.decode()
    listed = desk.get(reverse("admin:knowledge_base_article_changelist"), {"q": "INVOICE"})
    assert list(listed.context["cl"].queryset) == [written]
    assert "0 % of 1" in listed.content.decode()


def test_feedback_comes_page_by_page(desk: Client, agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge_base.admin.articles.VOICES", 2)
    written = article(agent)
    for number in range(5):
        give_feedback(written.pk, is_helpful=True, comment=f"word {number}")
    seen, address = [], page_of(written, "feedback")
    while address:
        shown = desk.get(address)
        seen.append([voice.comment for voice in shown.context["voices"]])
        older = shown.context["older"]
        address = older and f"{page_of(written, 'feedback')}?before={older}"
    assert seen == [["word 4", "word 3"], ["word 2", "word 1"], ["word 0"]]
    assert desk.get(page_of(written, "feedback"), {"before": "nonsense"}).status_code == 200


def test_only_what_is_empty_is_deleted_and_the_page_says_why(desk: Client, agent: User) -> None:
    folder = FolderFactory(category=CategoryFactory(name="Billing"))
    answer = desk.post(page_of(folder.category, "delete"), {"post": "yes"}, follow=True)
    assert "This category still holds 1 folder." in answer.content.decode()
    desk.post(page_of(folder, "delete"), {"post": "yes"})
    desk.post(page_of(folder.category, "delete"), {"post": "yes"})
    assert not Category.objects.exists()


def test_categories_and_folders_keep_an_order(desk: Client) -> None:
    for name in "ab":
        desk.post(reverse("admin:knowledge_base_category_add"), {"name": name})
    first, second = Category.objects.all()
    desk.post(page_of(second, "move_up"))
    assert [category.name for category in Category.objects.all()] == ["b", "a"]
    desk.post(page_of(first, "move_up"))
    assert [category.name for category in Category.objects.all()] == ["a", "b"]
    for name in "xy":
        given = {"name": name, "category": str(first.pk), "visibility": "agents"}
        desk.post(reverse("admin:knowledge_base_folder_add"), given)
    desk.post(page_of(Folder.objects.get(name="y"), "move_up"))
    assert [folder.name for folder in first.folders.all()] == ["y", "x"]
    assert "Agents only" in desk.get(reverse("admin:knowledge_base_folder_changelist")).content.decode()


def test_rows_that_a_search_hides_keep_their_places(desk: Client) -> None:
    shop, other = CategoryFactory(name="Shop", order=0), CategoryFactory(name="Other", order=10)
    rows = [FolderFactory(name=name, category=shop, order=place) for place, name in enumerate("abcd")]
    away = FolderFactory(name="e", category=other)
    a, _, c, _ = rows
    order = reverse("admin:knowledge_base_folder_order")
    # Only a and c were on the page, and one of another category: that one stays where it is.
    assert desk.post(order, {"key": [str(c.pk), str(away.pk), str(a.pk)]}).status_code == 200
    assert [folder.name for folder in shop.folders.all()] == ["c", "b", "a", "d"]
    away.refresh_from_db()
    assert away.category_id == other.pk
    listed = desk.get(reverse("admin:knowledge_base_folder_changelist")).context["told_rows"]
    assert [(str(one["row"].name), [" disabled " in move for move in one["moves"]]) for one in listed] == [
        ("c", [True, False]), ("b", [False, False]), ("a", [False, False]), ("d", [False, True]), ("e", [True, True]),
    ]  # fmt: skip
