"""Rows for tests, made directly: what a verb does to them is what the tests are about."""

import secrets
from hashlib import sha256
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.emails import matching_key
from accounts.models import AgentGroup, ApiKey, GroupMember, Role, User
from companies.models import Company
from custom_fields.models import CustomField, EntityType, FieldType
from helpdesk.api.permissions import SCOPES
from knowledge_base.models import Article, ArticleSlug, Category, Folder
from knowledge_base.searching import enter as enter_article
from tickets.models import Action, Activity, CannedResponse, Note, Reply, Ticket, TicketTemplate, TimeEntry
from tickets.numbers import next_number
from tickets.searching import enter

PASSWORD = "correct-horse-battery"


class CompanyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Company {n}")


class UserFactory(factory.django.DjangoModelFactory):
    """A contact who never signed up, unless a trait says otherwise: `admin`, `agent`, `signed_up`.

    Everybody who has an account has PASSWORD, or what is given as `plain_password`.
    """

    class Meta:
        model = User

    class Params:
        plain_password: str | None = None
        admin = factory.Trait(role=Role.ADMIN, signed_up=True)
        agent = factory.Trait(role=Role.AGENT, signed_up=True)
        customer = factory.Trait(role=Role.CUSTOMER)
        signed_up = factory.Trait(plain_password=PASSWORD, email_verified_at=factory.LazyFunction(timezone.now))

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda person: f"{person.username}@example.org")
    email_key = factory.LazyAttribute(lambda person: matching_key(person.email))
    name = factory.LazyAttribute(lambda person: person.username.title())
    password = factory.LazyAttribute(lambda person: make_password(person.plain_password))


class AgentGroupFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AgentGroup

    name = factory.Sequence(lambda n: f"Group {n}")


class GroupMemberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = GroupMember

    group = factory.SubFactory(AgentGroupFactory)
    user = factory.SubFactory(UserFactory, agent=True)


class ApiKeyFactory(factory.django.DjangoModelFactory):
    """A key with all scopes, owned by an admin; its `secret` is what a caller sends."""

    class Meta:
        model = ApiKey

    class Params:
        secret = factory.LazyFunction(lambda: f"hd_{secrets.token_hex(32)}")

    name = factory.Sequence(lambda n: f"Key {n}")
    owner = factory.SubFactory(UserFactory, admin=True)
    scopes = factory.LazyFunction(lambda: list(SCOPES))
    key_hash = factory.LazyAttribute(lambda key: sha256(key.secret.encode()).hexdigest())
    key_prefix = factory.LazyAttribute(lambda key: key.secret[:12])

    @classmethod
    def _generate(cls, strategy: Any, params: dict[str, Any]) -> ApiKey:
        secret = params.setdefault("secret", f"hd_{secrets.token_hex(32)}")
        key = super()._generate(strategy, params)
        key.secret = secret
        return key


class CustomFieldFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CustomField

    entity_type = EntityType.TICKET
    name = factory.Sequence(lambda n: f"field_{n}")
    label = factory.LazyAttribute(lambda field: field.name.replace("_", " ").capitalize())
    field_type = FieldType.TEXT


class TicketFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Ticket
        skip_postgeneration_save = True

    ticket_number = factory.LazyFunction(next_number)
    subject = factory.Sequence(lambda n: f"Printer {n} is on fire")
    description = "It smokes and it smells."
    customer = factory.SubFactory(UserFactory)

    @factory.post_generation
    def found_by_words(ticket: Ticket, create: bool, extracted: object, **kwargs: object) -> None:  # noqa: N805
        enter(ticket, customer={"name": ticket.customer.name, "email": ticket.customer.email})


class ReplyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Reply

    ticket = factory.SubFactory(TicketFactory)
    user = factory.SubFactory(UserFactory, agent=True)
    content = "Have you tried turning it off?"
    from_staff = factory.LazyAttribute(lambda reply: reply.user.role != Role.CUSTOMER)


class NoteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Note

    ticket = factory.SubFactory(TicketFactory)
    user = factory.SubFactory(UserFactory, agent=True)
    content = "Third printer this week."


class ActivityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Activity

    ticket = factory.SubFactory(TicketFactory)
    action = Action.CREATED


class TimeEntryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TimeEntry

    ticket = factory.SubFactory(TicketFactory)
    user = factory.SubFactory(UserFactory, agent=True)
    time_spent = 15


class CannedResponseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CannedResponse

    title = factory.Sequence(lambda n: f"Answer {n}")
    content = "Dear {{customer.name}}, your ticket is {{ticket.ticketNumber}}."


class TicketTemplateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TicketTemplate

    name = factory.Sequence(lambda n: f"Template {n}")
    subject = "New colleague"


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category

    name = factory.Sequence(lambda n: f"Category {n}")


class FolderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Folder

    category = factory.SubFactory(CategoryFactory)
    name = factory.Sequence(lambda n: f"Folder {n}")


class ArticleFactory(factory.django.DjangoModelFactory):
    """A draft, unless a status is given."""

    class Meta:
        model = Article
        skip_postgeneration_save = True

    category = factory.SubFactory(CategoryFactory)
    title = factory.Sequence(lambda n: f"How to do things, part {n}")
    slug = factory.Sequence(lambda n: f"how-to-do-things-{n}")
    content = "Step **by** step."
    approved_at = factory.LazyAttribute(
        lambda article: timezone.now() if getattr(article, "status", "draft") in ("approved", "published") else None
    )

    @factory.post_generation
    def known_by_slug(article: Article, create: bool, extracted: object, **kwargs: object) -> None:  # noqa: N805
        ArticleSlug.objects.create(slug=article.slug, article=article)
        enter_article(article)
