"""What a merge will show to whom, known before it is done.

A ticket is read by its customer and whoever is kept informed. Nobody comes to read by a merge what they could not read
before: messages and files of another customer become internal, and whoever is kept informed of the kept ticket without
having read what moves into it is kept informed no longer. Unless somebody decides that everybody reads on.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts.models import User
from helpdesk.errors import Invalid
from helpdesk.ids import new_id

from .copies import MAX_COPIES, welcome
from .history import record
from .mailboxes import may_be_mailed
from .models import Action, Attachment, Reply, Ticket, TicketCopy


@dataclass
class MergePlan:
    kept: Ticket
    moved: list[Ticket] = field(default_factory=list)  # what stays to be read by the customer of the kept ticket
    hidden: list[Ticket] = field(default_factory=list)  # what becomes internal, because somebody else sent it
    leaving: list[TicketCopy] = field(default_factory=list)  # of the kept ticket, who would read something new
    left_out: list[TicketCopy] = field(default_factory=list)  # of the others, who is not informed of the kept one

    @property
    def needs_a_decision(self) -> bool:
        """Whether anybody reads more, or less, with keep_informed."""
        return bool(self.hidden or self.leaving or self.left_out)

    def internal(self, *, keep_informed: bool) -> list[Ticket]:
        """Those of which the messages become internal; a customer who joins shares theirs."""
        mine = self.kept.customer_id
        return [one for one in self.hidden if one.customer_id == mine or not keep_informed]

    def joining(self, *, added_by: User | None, now: datetime) -> list[TicketCopy]:
        """Who is informed of the kept ticket as well when everybody reads on. Whom a customer named stays theirs."""
        told = [(one.customer.email, one.customer.email_key, added_by) for one in self.hidden]
        told += [(one.email, one.email_key, one.added_by) for one in self.left_out]
        # Staff brings them together, and knows no more of their mailboxes than before.
        trusted = {one.customer.email_key for one in self.hidden if may_be_mailed(one, one.customer)}
        trusted |= {one.email_key for one in self.left_out if one.by_staff}
        # The first of one address counts.
        new = {key: (email, by) for email, key, by in reversed(told) if key != self.kept.customer.email_key}
        return [
            TicketCopy(
                id=new_id(),
                ticket=self.kept,
                email=email,
                email_key=key,
                added_by=by,
                by_staff=key in trusted,
                created_at=now,
            )
            for key, (email, by) in new.items()
        ]

    def sentences(self, *, keep_informed: bool = False) -> list[str]:
        """The plan in plain words, for whoever confirms it."""
        mine, found, kept = self.kept.customer.name, [], f"#{self.kept.ticket_number}"
        for one in self.hidden:
            number, whose = f"#{one.ticket_number}", one.customer.name
            if one.customer_id == self.kept.customer_id:
                found.append(
                    f"{mine} has not confirmed their address and must not see {number} yet: "
                    "its messages become internal."
                )
            elif keep_informed:
                found.append(f"{mine} reads what is in {number}, and {whose} reads all of {kept}.")
            else:
                found.append(
                    f"{number} is from {whose}: its messages and files become internal, so that {mine} does not read "
                    f"them. {whose} does not find them in {number} any more, and gets no answers from {kept}."
                )
        others = addresses([*self.leaving, *self.left_out])
        if keep_informed and others:
            found.append(f"All of it will also be read by {', '.join(others)}.")
            return found
        if self.leaving:
            found.append(
                f"{listed(self.leaving)} could not read what moves here, and {are(self.leaving)} no longer kept "
                f"informed of {kept}."
            )
        if self.left_out:
            found.append(
                f"{listed(self.left_out)} {are(self.left_out, past=True)} kept informed of what moves here, and "
                f"{are(self.left_out)} not of {kept}."
            )
        return found


def addresses(copies: Iterable[TicketCopy]) -> list[str]:
    return sorted({copy.email for copy in copies})


def listed(copies: Iterable[TicketCopy]) -> str:
    return ", ".join(addresses(copies))


def are(copies: Sequence[TicketCopy], *, past: bool = False) -> str:
    several = len(addresses(copies)) > 1
    return ("were" if several else "was") if past else ("are" if several else "is")


def plan_merge(kept: Ticket | UUID, *, source_ids: Sequence[UUID]) -> MergePlan:
    """What merging these tickets into that one would do; nothing is changed."""
    kept_id = kept.pk if isinstance(kept, Ticket) else kept
    rows = Ticket.objects.filter(pk__in=[kept_id, *source_ids]).select_related("customer")
    by_key = {row.pk: row for row in rows}
    plan = MergePlan(by_key[kept_id])
    for key in sorted(set(source_ids) - {kept_id}):
        if key in by_key:
            (plan.moved if may_read(plan.kept, by_key[key]) else plan.hidden).append(by_key[key])
    copies: dict[UUID, list[TicketCopy]] = defaultdict(list)
    for copy in TicketCopy.objects.filter(ticket__in=by_key).select_related("added_by").order_by("created_at", "id"):
        if copy.email_key != plan.kept.customer.email_key:
            copies[copy.ticket_id].append(copy)
    known = {copy.email_key for copy in copies[kept_id]}
    plan.left_out = [
        copy
        for one in [*plan.moved, *(one for one in plan.hidden if one.customer_id != plan.kept.customer_id)]
        for copy in copies[one.pk]
        if copy.email_key not in known
    ]
    if copies[kept_id]:
        plan.leaving = outsiders(copies[kept_id], [one for one in plan.moved if has_words(one)], copies)
    return plan


def outsiders(
    informed: Sequence[TicketCopy], moved: Sequence[Ticket], copies: dict[UUID, list[TicketCopy]]
) -> list[TicketCopy]:
    """Of those who are kept informed, who cannot read all of these tickets yet."""
    wanted = {one.pk for one in moved}
    read: dict[str, set[UUID]] = defaultdict(set)
    for key in wanted:
        for copy in copies[key]:
            read[copy.email_key].add(key)
    unsure = [copy.email_key for copy in informed if not wanted <= read[copy.email_key]]
    for person in User.objects.filter(email_key__in=unsure).select_related("merged_into"):
        seen = Ticket.objects.visible_to(person.merged_into or person).filter(pk__in=wanted)
        read[person.email_key].update(seen.values_list("pk", flat=True))
    return [copy for copy in informed if not wanted <= read[copy.email_key]]


def has_words(ticket: Ticket) -> bool:
    """Whether customers read anything that would move; what a ticket was about stays on its own page."""
    public = Reply.objects.filter(ticket=ticket, is_internal=False)
    return public.exists() or Attachment.objects.for_customers().filter(ticket=ticket).exists()


def may_read(kept: Ticket, source: Ticket) -> bool:
    """Whether what was said in one ticket may be read by the customer of the other, being the same person.

    Whoever signed up with an address they have not proven sees what that account filed, and must not see what is
    older because it moves there.
    """
    if kept.customer_id != source.customer_id:
        return False
    customer = kept.customer
    if customer.email_verified_at is not None:
        return True
    seen = set(Ticket.objects.visible_to(customer).filter(pk__in=[kept.pk, source.pk]).values_list("pk", flat=True))
    return kept.pk not in seen or source.pk in seen


def settle_copies(plan: MergePlan, *, keep_informed: bool, added_by: User | None, now: datetime) -> None:
    """Who is kept informed of the kept ticket; raises Invalid when these are too many."""
    if not keep_informed:
        TicketCopy.objects.filter(pk__in=[copy.pk for copy in plan.leaving]).delete()
        for copy in plan.leaving:
            record(plan.kept, Action.INFORMED, actor=added_by, now=now, old=copy.email_key)
        return
    known = set(TicketCopy.objects.filter(ticket=plan.kept).values_list("email_key", flat=True))
    new = [copy for copy in plan.joining(added_by=added_by, now=now) if copy.email_key not in known]
    if len(known) + len(new) > MAX_COPIES:
        raise Invalid(keep_informed=f"At most {MAX_COPIES} people can be kept informed.")
    for copy in new:
        record(plan.kept, Action.INFORMED, actor=added_by, now=now, new=copy.email_key)
    welcome(plan.kept, new, sender=added_by)
