"""Two contacts become one: what moves, what is kept, who may, and what happens at the same moment."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.contacts import ContactBatch
from accounts.erasing import erase_person
from accounts.merging import follow_latecomers, merge_contacts
from accounts.models import GroupMember, User
from accounts.portal_accounts import sign_in, sign_up
from accounts.services import update_user
from audit.models import Entry
from csat.models import Survey
from helpdesk.errors import Conflict, Forbidden, Invalid, NotFound, SignInFailed
from knowledge_base.models import Article, ArticleFeedback
from knowledge_base.services import give_feedback
from tests.client import ApiClient
from tests.factories import (
    PASSWORD,
    ActivityFactory,
    ArticleFactory,
    CompanyFactory,
    GroupMemberFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tickets.models import Action, Attachment, Reply, Ticket, TicketCopy

pytestmark = pytest.mark.django_db


def contact(**values: Any) -> User:
    return UserFactory(**values)


def merge(kept: User, merged: User, actor: User | None = None) -> User:
    merge_contacts(kept.pk, merged_id=merged.pk, actor=actor)
    kept.refresh_from_db()
    merged.refresh_from_db()
    return kept


def test_everything_of_the_merged_contact_is_the_kept_ones(admin: User, api: ApiClient) -> None:
    kept, merged = contact(name="Ann"), contact(name="Anne", email="anne@old.example")
    ticket = TicketFactory(customer=merged)
    ReplyFactory(ticket=ticket, user=merged)
    ActivityFactory(ticket=ticket, user=merged, action=Action.REPLIED)
    file = {"ticket": ticket, "filename": "a", "stored_name": "a", "file_size": 1, "mime_type": "text/plain"}
    Attachment.objects.create(uploaded_by=merged, **file)
    Survey.objects.create(ticket=ticket, customer=merged, resolved_at=timezone.now())
    before = ticket.updated_at

    merge(kept, merged, admin)
    shown = api.get(f"/api/tickets/{ticket.pk}?include=replies,activities").json()
    assert shown["customerId"] == shown["replies"][0]["userId"] == shown["activities"][0]["userId"] == str(kept.pk)
    assert Attachment.objects.get().uploaded_by == Survey.objects.get().customer == kept
    ticket.refresh_from_db()
    assert ticket.updated_at > before
    assert [row["id"] for row in api.get("/api/tickets?q=ann").json()] == [str(ticket.pk)]
    assert api.get("/api/tickets?q=anne").json() == []


def test_the_kept_contact_takes_over_only_what_it_lacks(admin: User) -> None:
    one, other = CompanyFactory.create_batch(2)
    kept = contact(phone="1", tags=["vip", "eu"], custom_fields={"size": 5, "colour": ""})
    merged = contact(
        name="Other", phone="2", company=other, tags=["eu", "new"], custom_fields={"size": 6, "colour": "red", "x": 1}
    )
    merge(kept, merged, admin)
    assert (kept.phone, kept.company, kept.tags) == ("1", other, ["vip", "eu", "new"])
    assert kept.custom_fields == {"size": 5, "colour": "red", "x": 1}
    assert kept.name != "Other"
    assert (merged.phone, merged.company, merged.tags, merged.custom_fields) == (None, None, [], {})
    assert one != kept.company


def test_the_account_of_the_merged_contact_is_closed(admin: User) -> None:
    kept, merged = contact(signed_up=True), contact(signed_up=True)
    browser = Client()
    browser.force_login(merged)
    merge(kept, merged, admin)
    assert not merged.is_active
    assert not merged.has_usable_password()
    with pytest.raises(SignInFailed):
        sign_in(email=merged.email, password=PASSWORD, address="10.0.0.1")
    with pytest.raises(Conflict), transaction.atomic():
        sign_up(name="X", email=merged.email, password=PASSWORD, address="10.0.0.1")
    assert sign_in(email=kept.email, password=PASSWORD, address="10.0.0.1") == kept
    with pytest.raises(Conflict), transaction.atomic():
        update_user(merged, actor=admin, is_active=True)


def test_a_claimer_without_a_proven_mailbox_sees_nothing_more_by_a_merge(admin: User) -> None:
    kept = contact(signed_up=True, email_verified_at=None, claimed_at=timezone.now())
    merged = contact(signed_up=True)
    TicketFactory(customer=merged, filed_by=merged, source="portal")
    merge(kept, merged, admin)
    assert Ticket.objects.filter(customer=kept).count() == 1
    assert not Ticket.objects.visible_to(kept).exists()


def test_a_person_has_one_voice_about_an_article_after_the_merge(admin: User) -> None:
    kept, merged = contact(), contact()
    both, one = ArticleFactory.create_batch(2)
    give_feedback(both.pk, is_helpful=True, user_id=kept.pk)
    give_feedback(both.pk, is_helpful=False, user_id=merged.pk)
    give_feedback(one.pk, is_helpful=False, user_id=merged.pk)
    merge(kept, merged, admin)
    assert set(ArticleFeedback.objects.values_list("user", "article", "is_helpful")) == {
        (kept.pk, both.pk, True),
        (kept.pk, one.pk, False),
    }
    counts = {row.pk: (row.helpful_count, row.not_helpful_count) for row in Article.objects.all()}
    assert counts == {both.pk: (1, 0), one.pk: (0, 1)}


def test_who_is_kept_informed_of_a_ticket_stays_so_at_the_kept_address(admin: User) -> None:
    kept, merged = contact(), contact()
    one, both = TicketFactory(), TicketFactory()
    for ticket, person in ((one, merged), (both, merged), (both, kept)):
        TicketCopy.objects.create(ticket=ticket, email=person.email, email_key=person.email_key, added_by=merged)
    merge(kept, merged, admin)
    assert set(TicketCopy.objects.values_list("ticket", "email")) == {(one.pk, kept.email), (both.pk, kept.email)}


def test_who_was_merged_before_follows(admin: User) -> None:
    first, second, third = contact(), contact(), contact()
    merge(second, first, admin)
    merge(third, second, admin)
    first.refresh_from_db()
    assert first.merged_into == second.merged_into == third


def test_an_import_finds_the_kept_contact_by_either_address(admin: User) -> None:
    kept, merged = contact(), contact()
    merge(kept, merged, admin)
    for emails in ([merged.email], [merged.email, kept.email]):
        batch = ContactBatch(emails, actor=admin, companies={})
        assert {batch.find(email) for email in emails} == {kept}


def test_memberships_of_somebody_who_once_worked_here_move(admin: User) -> None:
    kept, merged = contact(), contact()
    shared = GroupMemberFactory(user=kept).group
    GroupMemberFactory(user=merged, group=shared)
    GroupMemberFactory(user=merged)
    merge(kept, merged, admin)
    assert GroupMember.objects.filter(user=kept).count() == GroupMember.objects.count() == 2


def test_a_merge_is_recorded_without_names(admin: User) -> None:
    kept, merged = contact(name="Ann"), contact(name="Anne")
    merge(kept, merged, admin)
    entry = Entry.objects.get(action="merged")
    assert (entry.action, entry.subject_id, entry.actor_id) == ("merged", kept.pk, admin.pk)
    assert entry.changes == {"merged_contact": [str(merged.pk), None]}


def test_what_a_merge_changes_is_recorded_of_both_until_they_are_erased(admin: User) -> None:
    kept = contact(phone="1", tags=["vip"])
    merged = contact(phone="2", tags=["late"], company=CompanyFactory(name="Acme"))
    merge(kept, merged, admin)
    changed = Entry.objects.filter(action="changed", actor_id=admin.pk)
    assert changed.get(subject_id=kept.pk).changes == {"company": [None, "Acme"], "tags": [["vip"], ["vip", "late"]]}
    lost = {"company": ["Acme", None], "phone": ["2", None], "tags": [["late"], []], "is_active": [True, False]}
    assert changed.get(subject_id=merged.pk).changes == lost
    erase_person(kept, actor=admin)
    assert {(entry.subject_name, str(entry.changes)) for entry in changed} == {("Erased person", "{}")}


def test_who_may_merge_whom(admin: User, agent: User) -> None:
    kept, merged = contact(), contact()
    for scope in ("group", "restricted"):
        with pytest.raises(Forbidden), transaction.atomic():
            merge(kept, merged, contact(agent=True, ticket_scope=scope))
    for one, other, problem in (
        (kept, kept, Invalid),
        (agent, kept, Conflict),
        (kept, agent, Conflict),
        (kept, User(), NotFound),
    ):
        with pytest.raises(problem), transaction.atomic():
            merge_contacts(one, merged_id=other.pk, actor=admin)
    merge(kept, merged, agent)
    for one, other in ((kept, merged), (merged, kept)):
        with pytest.raises(Conflict), transaction.atomic():
            merge_contacts(one, merged_id=other.pk, actor=admin)


# Every reference to a person, and what a merge does about it. A new one belongs here, and into a receiver.
MOVED = """
tickets.Ticket.customer tickets.Reply.user tickets.Note.user tickets.TimeEntry.user tickets.Activity.user
tickets.Attachment.uploaded_by csat.Survey.customer knowledge_base.ArticleFeedback.user accounts.GroupMember.user
accounts.User.merged_into tickets.TicketCopy.added_by knowledge_base.SolvedQuestion.user
"""
OF_STAFF = """
accounts.SecondFactor.user accounts.RecoveryCode.user accounts.ApiKey.owner admin.LogEntry.user
tickets.Ticket.assignee tickets.CannedResponse.created_by tickets.TicketTemplate.created_by csat.Survey.agent
knowledge_base.Article.author knowledge_base.Article.approver knowledge_base.ArticleVersion.user
automation.AutomationRule.saved_by transfers.Import.owner
workspace.SavedView.owner workspace.Draft.user workspace.Presence.user workspace.Preferences.user
"""
ENDED = "accounts.AccountSession.user"
LEFT = "tickets.Ticket.filed_by"  # see test_a_claimer_without_a_proven_mailbox_sees_nothing_more_by_a_merge


def test_no_reference_to_a_person_is_forgotten() -> None:
    links = [link for link in User._meta.get_fields(include_hidden=True) if link.auto_created and not link.concrete]
    found = {f"{link.related_model._meta.label}.{link.field.name}" for link in links}
    assert found == {*MOVED.split(), *OF_STAFF.split(), LEFT, ENDED}


@pytest.mark.django_db(transaction=True)
def test_of_merges_at_the_same_moment_each_happens_once_or_is_refused(at_once: Callable[..., list[Any]]) -> None:
    people = [contact() for _ in range(4)]
    for person in people:
        TicketFactory(customer=person)

    def attempt(number: int) -> bool:
        kept, merged = people[number % 4], people[(number + 1) % 4]
        try:
            merge_contacts(kept, merged_id=merged.pk, actor=None)
        except Conflict:
            return False
        return True

    done = at_once(8, attempt)
    assert 1 <= sum(done) <= 3
    left = User.objects.filter(merged_into__isnull=True)
    assert left.count() == 4 - sum(done)
    assert set(Ticket.objects.values_list("customer", flat=True)) <= set(left.values_list("pk", flat=True))
    assert not User.objects.filter(merged_into__merged_into__isnull=False).exists()


def test_what_comes_at_the_very_moment_of_a_merge_follows(admin: User) -> None:
    kept, merged = contact(), contact()
    merge(kept, merged, admin)
    late = TicketFactory(customer=merged)
    ReplyFactory(ticket=late, user=merged)
    follow_latecomers(timezone.now())
    assert Ticket.objects.get().customer == Reply.objects.get().user == kept
