"""What changes around a request – roles, merges – never shows customers more, or less, than they were told before."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.erasing import erase_person
from accounts.models import User
from tests.client import ApiClient
from tests.factories import CompanyFactory, NoteFactory, ReplyFactory, TicketFactory, UserFactory
from tickets.attachments import attach_file
from tickets.customers import mark_solved, reopen, write_back
from tickets.merge_plans import MergePlan, plan_merge
from tickets.merging import merge_tickets
from tickets.models import Attachment, Note, Reply, Ticket, TicketCopy
from tickets.services import add_reply, update_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def tom(db: None) -> User:
    return UserFactory(username="tom", name="Tom Other", signed_up=True)


def page_for(user: User, ticket: Ticket) -> str:
    client = Client()
    client.force_login(user)
    return client.get(f"/requests/{ticket.ticket_number}").content.decode()


def put(ticket: Ticket, actor: User, filename: str, **more: Any) -> Attachment:
    return attach_file(ticket, actor=actor, filename=filename, content=BytesIO(b"x"), size=1, **more)


@pytest.mark.parametrize(("before", "after"), [("agent", "customer"), ("customer", "agent")])
def test_a_change_of_role_changes_nothing_of_what_was_said_before(mia: User, before: str, after: str) -> None:
    ticket = TicketFactory(customer=mia)
    changing = UserFactory(role=before, name="Chris Changing", signed_up=True)
    add_reply(ticket, user_id=changing.pk, content="Words")
    put(ticket, changing, "loose.txt")
    then = page_for(mia, ticket)
    User.objects.filter(pk=changing.pk).update(role=after)
    assert page_of(then) == page_of(page_for(mia, ticket))
    assert ("loose.txt" in then, "Our team" in then) == (before == "customer", before == "agent")


def page_of(html: str) -> str:
    """Without what differs each time."""
    return re.sub(r'name="(csrfmiddlewaretoken|once)" value="[^"]+"', "", html)


# --- Merging ------------------------------------------------------------------------------------------


@pytest.fixture
def theirs(tom: User, agent: User) -> Ticket:
    """A request of somebody else with a bit of everything."""
    ticket = TicketFactory(customer=tom, subject="Secret subject", description="Secret description")
    add_reply(ticket, user_id=tom.pk, content="Secret question")
    answer = add_reply(ticket, user_id=agent.pk, content="Secret answer")
    put(ticket, tom, "secret-loose.txt")
    put(ticket, agent, "secret-answer.txt", reply_id=answer.pk)
    return ticket


def test_two_customers_learn_nothing_of_each_other_by_a_merge(
    mia: User, tom: User, theirs: Ticket, agent: User
) -> None:
    kept = TicketFactory(customer=mia, description="Own description")
    add_reply(kept, user_id=mia.pk, content="Own question")
    merge_tickets(kept, source_ids=[theirs.pk], actor=agent)
    page = page_for(mia, kept)
    assert "Own question" in page
    assert "ecret" not in page
    assert f"#{theirs.ticket_number}" not in page
    client = Client()
    client.force_login(mia)
    for file in Attachment.objects.all():
        assert client.get(f"/requests/{kept.ticket_number}/files/{file.pk}").status_code == 404
    assert "No request contains" in client.get("/requests/", {"q": "secret"}).content.decode()
    other = page_for(tom, theirs)
    assert "Secret description" in other
    assert "Own" not in other
    assert f"#{kept.ticket_number}" not in other


def test_staff_keep_everything_of_a_merge(theirs: Ticket, agent: User, mia: User) -> None:
    kept = TicketFactory(customer=mia)
    merge_tickets(kept, source_ids=[theirs.pk], actor=agent)
    replies = Reply.objects.filter(ticket=kept)
    assert {reply.content: reply.is_internal for reply in replies} == {"Secret question": True, "Secret answer": True}
    assert Attachment.objects.filter(ticket=kept).count() == 2
    note = Note.objects.get(ticket=kept)
    for words in (f"#{theirs.ticket_number}", "Secret subject", "Secret description"):
        assert words in note.content
    assert (note.user, note.is_private) == (agent, True)


def test_whoever_is_erased_is_forgotten_where_their_request_went(
    theirs: Ticket, agent: User, admin: User, mia: User, tom: User
) -> None:
    first, last = TicketFactory(customer=mia), TicketFactory(customer=mia, description="Own description")
    merge_tickets(first, source_ids=[theirs.pk], actor=agent)
    merge_tickets(last, source_ids=[first.pk], actor=agent)
    erase_person(tom.pk, actor=admin, blank_messages=True)
    written = [*Note.objects.values_list("content", flat=True), *Reply.objects.values_list("content", flat=True)]
    assert not any("Secret subject" in words or "Secret description" in words for words in written)
    assert not any("Secret question" in words or "Tom" in words for words in written)
    assert not Attachment.objects.filter(filename="secret-loose.txt").exists()
    assert any("It smokes" in words for words in written), "how the other customer's request began is kept"


def test_a_customer_who_joins_reads_along_and_so_does_the_other(
    theirs: Ticket, agent: User, mia: User, tom: User, api: ApiClient
) -> None:
    kept = TicketFactory(customer=mia)
    add_reply(kept, user_id=mia.pk, content="Own question")
    body = {"ticketIds": [str(theirs.pk)], "keepInformed": True}
    assert api.post(f"/api/tickets/{kept.pk}/merge", body).status_code == 200
    for reader in (mia, tom):
        page = page_for(reader, kept)
        for words in ("Secret question", "Secret answer", "secret-answer.txt", "Own question"):
            assert words in page
    assert TicketCopy.objects.get().email == tom.email
    assert f'href="/requests/{kept.ticket_number}"' in page_for(tom, theirs)


def test_the_requests_of_one_person_become_one(mia: User, agent: User) -> None:
    kept, source = TicketFactory(customer=mia), TicketFactory(customer=mia, description="How it began")
    add_reply(source, user_id=agent.pk, content="An answer")
    merge_tickets(kept, source_ids=[source.pk], actor=agent)
    assert "An answer" in page_for(mia, kept)
    source_page = page_for(mia, source)
    assert f'continues in <a href="/requests/{kept.ticket_number}">#{kept.ticket_number}</a>' in source_page
    assert "How it began" in source_page
    assert f'href="/requests/{kept.ticket_number}#reply"' in source_page
    for gone in ('name="content"', 'name="rating"', "Reopen"):
        assert gone not in source_page


def test_who_may_not_read_on_elsewhere_writes_back_here(tom: User, mia: User, agent: User, theirs: Ticket) -> None:
    merge_tickets(TicketFactory(customer=mia), source_ids=[theirs.pk], actor=agent)
    page = page_for(tom, theirs)
    assert 'name="content"' in page
    assert "continues" not in page


def test_a_claimer_learns_nothing_older_by_a_merge(mia: User, agent: User) -> None:
    """Whoever signed up with an address they have not proven sees only what that account has filed since."""
    claimed = timezone.now() - timedelta(hours=1)
    User.objects.filter(pk=mia.pk).update(email_verified_at=None, claimed_at=claimed)
    mia.refresh_from_db()
    kept = TicketFactory(customer=mia, filed_by=mia, source="portal")
    old = TicketFactory(customer=mia, source="email", created_at=claimed - timedelta(days=9))
    ReplyFactory(ticket=old, user=agent, content="Secret answer", from_staff=True)
    merge_tickets(kept, source_ids=[old.pk], actor=agent)
    assert "Secret answer" not in page_for(mia, kept)


PLANS: list[tuple[str, bool, bool]] = [
    # Who sent the other one, whether all of it stays to be read by the customer, whether somebody would read too much.
    ("the same person", True, False),
    ("the same person, and somebody is kept informed", True, True),
    ("a stranger", False, False),
    ("a stranger, and somebody is kept informed", False, False),
    ("a colleague whose company shares", False, False),
]


@pytest.mark.parametrize(("case", "stays", "too_much"), PLANS, ids=[plan[0] for plan in PLANS])
def test_what_a_merge_will_show_whom_is_known_before(
    mia: User, tom: User, case: str, stays: bool, too_much: bool
) -> None:
    kept = TicketFactory(customer=mia)
    source = TicketFactory(customer=mia if "same" in case else tom)
    NoteFactory(ticket=source)
    ReplyFactory(ticket=source, user=source.customer)
    if "colleague" in case:
        User.objects.update(company=CompanyFactory(shares_tickets=True))
    if "informed" in case:
        inform(kept, "c@example.com")
    plan: MergePlan = plan_merge(kept, source_ids=[source.pk])
    assert [one.pk for one in plan.hidden] == ([] if stays else [source.pk])
    assert bool(plan.leaving) == too_much
    said = " ".join(plan.sentences())
    assert ("Tom Other" in said) is not stays
    assert ("c@example.com" in said) is too_much
    assert plan.needs_a_decision == (too_much or not stays)


def inform(ticket: Ticket, email: str, **more: Any) -> TicketCopy:
    return TicketCopy.objects.create(ticket=ticket, email=email, email_key=email.lower(), **more)


@pytest.mark.parametrize("joins", [False, True])
def test_whoever_is_kept_informed_learns_nothing_by_a_merge_unless_everybody_reads_on(
    mia: User, agent: User, api: ApiClient, joins: bool
) -> None:
    """Of two requests of one person, each has readers of its own."""
    near, far, both, colleague = UserFactory.create_batch(4, signed_up=True)
    User.objects.filter(pk__in=[mia.pk, colleague.pk]).update(company=CompanyFactory(shares_tickets=True))
    kept, source, empty = (TicketFactory(customer=mia) for _ in range(3))
    for ticket, readers in ((kept, (near, both, colleague)), (source, (far, both))):
        add_reply(ticket, user_id=mia.pk, content=f"Words of #{ticket.ticket_number}")
        for reader in readers:
            inform(ticket, reader.email, added_by=mia)
    before = {reader: page_for(reader, kept) for reader in (near, far, both, colleague)}
    assert plan_merge(kept, source_ids=[empty.pk]).leaving == [], "there is nothing new to read"
    said = " ".join(plan_merge(kept, source_ids=[source.pk, empty.pk]).sentences(keep_informed=joins))
    assert (near.email in said, far.email in said, both.email in said) == (True, True, False)
    body = {"ticketIds": [str(source.pk), str(empty.pk)], "keepInformed": joins}
    assert api.post(f"/api/tickets/{kept.pk}/merge", body).status_code == 200
    assert f"Words of #{source.ticket_number}" in page_for(mia, kept), "its own customer reads everything"
    for reader, goes_on in ((near, joins), (far, joins), (both, True), (colleague, True)):
        page = page_for(reader, kept)
        assert (f"Words of #{source.ticket_number}" in page) == goes_on, reader
        assert (f"Words of #{kept.ticket_number}" in page) == goes_on, reader
    assert f"Words of #{kept.ticket_number}" in before[near]
    assert f"Words of #{kept.ticket_number}" not in before[far]
    assert {copy.email for copy in kept.copies.all()} == {
        one.email for one in (near, far, both, colleague) if joins or one in (both, colleague)
    }
    assert {copy.added_by for copy in kept.copies.all()} == {mia}, "whom a customer has named is nobody we know better"


def test_an_answer_to_somebody_else_is_no_first_response(mia: User, theirs: Ticket, agent: User) -> None:
    theirs.refresh_from_db()
    assert theirs.first_response_at
    kept, joined = TicketFactory(customer=mia), TicketFactory(customer=mia)
    merge_tickets(kept, source_ids=[theirs.pk], actor=agent)
    kept.refresh_from_db()
    assert kept.first_response_at is None, "its customer still waits"
    other = TicketFactory(customer=mia)
    answer = add_reply(other, user_id=agent.pk, content="Yours")
    merge_tickets(kept, source_ids=[other.pk], actor=agent)
    kept.refresh_from_db()
    assert kept.first_response_at == answer.created_at
    theirs.refresh_from_db()
    merge_tickets(joined, source_ids=[theirs.pk], actor=agent, keep_informed=True)
    joined.refresh_from_db()
    assert joined.first_response_at == theirs.first_response_at, "who joins shares what was answered"


# --- What became of it, and who did it ----------------------------------------------------------------


def test_everybody_reads_who_solved_and_reopened_a_request(mia: User, agent: User) -> None:
    colleague = UserFactory(name="Carl Colleague", signed_up=True)
    ticket = TicketFactory(customer=mia)
    TicketCopy.objects.create(ticket=ticket, email=colleague.email, email_key=colleague.email_key)
    mark_solved(ticket, actor=mia)
    write_back(ticket, author=colleague, content="Not for me")
    update_ticket(ticket, actor=agent, status="resolved")
    reopen(ticket, actor=mia)
    update_ticket(ticket, actor=None, status="closed")
    update_ticket(ticket, actor=agent, status="pending")
    for reader, told in (
        (mia, ("You marked", "Carl Colleague reopened", "We marked", "You reopened")),
        (colleague, ("Mia Member marked", "You reopened", "We marked", "Mia Member reopened")),
    ):
        page, place = page_for(reader, ticket), 0
        for words in (*told, "This request is closed.", "We are waiting for your answer."):
            place = page.index(words, place) + 1
