"""Puts the knowledge base of the demo together: written, approved, read and judged over the past year."""

from collections.abc import Sequence
from random import Random
from uuid import UUID

from knowledge_base.models import (
    APPROVED_STATUSES,
    Article,
    ArticleFeedback,
    ArticleSearch,
    ArticleSlug,
    ArticleVersion,
    Category,
    Folder,
)
from knowledge_base.searching import words_of_article
from knowledge_base.services import TEXT_FIELDS
from knowledge_base.slugs import slug_of

from .articles import KNOWLEDGE, REMARKS, Text
from .ids import id_at, moment_of
from .people import BEGIN, Colleague
from .rhythm import DAY, HOUR, MINUTE

TALKATIVE = 25  # one of so many readers says whether an article helped
MOST_VOICES = 60


class Shelf:
    """The rows of the knowledge base, as they come together."""

    def __init__(self, authors: Sequence[Colleague], lead: Colleague, end: int, random: Random) -> None:
        self.authors, self.lead, self.end, self.random = authors, lead, end, random
        self.articles: list[Article] = []
        self.slugs: list[ArticleSlug] = []
        self.searches: list[ArticleSearch] = []
        self.versions: list[ArticleVersion] = []
        self.feedback: list[ArticleFeedback] = []

    def key(self, moment: int) -> UUID:
        return UUID(id_at(moment, self.random))

    def put(self, text: Text, folder: Folder, begin: int) -> None:
        """An article with its history: written, changed once more by some, approved a day or two later."""
        author = self.random.choice(self.authors)
        values = {name: getattr(text, name) for name in ("title", "excerpt", "content")} | {"tags": list(text.tags)}
        article = Article(
            id=self.key(begin),
            category_id=folder.category_id,
            folder=folder,
            slug=slug_of(text.title),
            author_id=UUID(author.id),
            status="draft",
            created_at=moment_of(begin),
            **values,
        )
        self.articles.append(article)
        self.slugs.append(ArticleSlug(slug=article.slug, article=article))
        # From the first draft to the last step on its way.
        moment = begin
        rough = text.content.partition("\n\n")[0]
        self.keep(article, list(TEXT_FIELDS), moment, author, content=rough)
        if rough != text.content:
            moment += self.random.randrange(2 * HOUR, 9 * HOUR)
            self.keep(article, ["content"], moment, author)
        if text.status != "draft":
            moment += self.random.randrange(10 * MINUTE, 2 * HOUR)
            self.step(article, "pending_approval", moment, author)
        if text.status in APPROVED_STATUSES:
            moment += self.random.randrange(3 * HOUR, 2 * DAY)
            article.approver_id, article.approved_at = UUID(self.lead.id), moment_of(moment)
            self.step(article, text.status, moment, self.lead)
        article.updated_at = moment_of(moment)
        if article.is_published:
            self.read(article, text, moment)
        title, body = words_of_article(article)
        self.searches.append(ArticleSearch(article=article, title=title, body=body))

    def step(self, article: Article, status: str, moment: int, user: Colleague) -> None:
        article.status = status
        self.keep(article, ["status"], moment, user)

    def keep(self, article: Article, changed: list[str], moment: int, user: Colleague, content: str = "") -> None:
        number = 1 + sum(version.article_id == article.pk for version in self.versions)
        values = {name: getattr(article, name) for name in TEXT_FIELDS}
        self.versions.append(
            ArticleVersion(
                id=self.key(moment),
                article=article,
                number=number,
                user_id=UUID(user.id),
                changed=changed,
                status=article.status,
                created_at=moment_of(moment),
                **{**values, "content": content or article.content},
            )
        )

    def read(self, article: Article, text: Text, since: int) -> None:
        """Readers come evenly, and few of them say something."""
        months = (self.end - since) / (30 * DAY)
        article.view_count = int(text.readers * months * self.random.uniform(0.9, 1.1))
        voices = min(MOST_VOICES, article.view_count // TALKATIVE)
        for moment in sorted(self.random.randrange(since, self.end) for _ in range(voices)):
            helped = self.random.random() * 100 < text.liked
            article.helpful_count += helped
            article.not_helpful_count += not helped
            self.feedback.append(
                ArticleFeedback(
                    id=self.key(moment),
                    article=article,
                    is_helpful=helped,
                    comment=self.random.choice(REMARKS[helped]),
                    created_at=moment_of(moment),
                )
            )

    def write(self) -> None:
        Article.objects.bulk_create(self.articles)
        ArticleSlug.objects.bulk_create(self.slugs)
        ArticleSearch.objects.bulk_create(self.searches)
        ArticleVersion.objects.bulk_create(self.versions)
        ArticleFeedback.objects.bulk_create(self.feedback)


def write_knowledge(authors: Sequence[Colleague], lead: Colleague, end: int, random: Random) -> None:
    """Where somebody has written articles already, the knowledge base stays theirs."""
    if Article.objects.exists() or Category.objects.exists():
        return
    shelf = Shelf(authors, lead, end, random)
    begin = end - BEGIN + 60 * DAY
    for order, (name, description, icon, folders) in enumerate(KNOWLEDGE, 1):
        begin += DAY
        named = {"name": name, "description": description, "icon": icon, "order": order}
        category = Category.objects.create(id=shelf.key(begin), created_at=moment_of(begin), **named)
        for place, (title, about, visibility, texts) in enumerate(folders, 1):
            folder = Folder.objects.create(
                id=shelf.key(begin + place),
                category=category,
                name=title,
                description=about,
                visibility=visibility,
                order=place,
                created_at=moment_of(begin + place),
            )
            for text in texts:
                # What is not published yet is work of this week.
                recent = end - random.randrange(3 * DAY, 6 * DAY)
                when = begin + random.randrange(DAY, 200 * DAY) if text.status == "published" else recent
                shelf.put(text, folder, when)
    shelf.write()
