"""What a merge will show to whom, known before it is done.

A ticket is read by its customer and whoever is kept informed. Messages and files of others that move into it must not
come to their eyes by that, so they become internal, unless somebody decides that the other customer joins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts.models import User
from helpdesk.errors import Invalid

from .customers import MAX_COPIES
from .models import Ticket, TicketCopy


@dataclass
class MergePlan:
    kept: Ticket
    moved: list[Ticket] = field(default_factory=list)  # what stays to be read by the customer of the kept ticket
    hidden: list[Ticket] = field(default_factory=list)  # what becomes internal, because somebody else sent it
    new_readers: list[str] = field(default_factory=list)  # addresses that read along on the kept ticket

    def internal(self, *, keep_informed: bool) -> list[Ticket]:
        """Those of which the messages become internal; a customer who joins shares theirs."""
        mine = self.kept.customer_id
        return [one for one in self.hidden if one.customer_id == mine or not keep_informed]

    def sentences(self, *, keep_informed: bool = False) -> list[str]:
        """The plan in plain words, for whoever confirms it."""
        mine, found = self.kept.customer.name, []
        for one in self.hidden:
            number, whose = f"#{one.ticket_number}", one.customer.name
            if one.customer_id == self.kept.customer_id:
                found.append(
                    f"{mine} has not confirmed their address and must not see {number} yet: "
                    "its messages become internal."
                )
            elif keep_informed:
                found.append(f"{mine} reads what is in {number}, and {whose} reads all of #{self.kept.ticket_number}.")
            else:
                found.append(
                    f"{number} is from {whose}: its messages and files become internal, so that {mine} does not read "
                    f"them. {whose} gets no further answers from #{self.kept.ticket_number}."
                )
        if self.new_readers and (self.moved or keep_informed):
            found.append(f"It will also be read by {', '.join(self.new_readers)}.")
        return found


def plan_merge(kept: Ticket | UUID, *, source_ids: Sequence[UUID]) -> MergePlan:
    """What merging these tickets into that one would do; nothing is changed."""
    kept_id = kept.pk if isinstance(kept, Ticket) else kept
    rows = Ticket.objects.filter(pk__in=[kept_id, *source_ids]).select_related("customer")
    by_key = {row.pk: row for row in rows}
    plan = MergePlan(by_key[kept_id])
    for key in sorted(set(source_ids) - {kept_id}):
        if key in by_key:
            (plan.moved if may_read(plan.kept, by_key[key]) else plan.hidden).append(by_key[key])
    plan.new_readers = list(TicketCopy.objects.filter(ticket=kept_id).values_list("email", flat=True))
    return plan


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


def let_join(plan: MergePlan, *, added_by: User | None, now: datetime) -> None:
    """Customers of hidden tickets are kept informed of the kept one; raises Invalid when these are too many."""
    key = plan.kept.customer.email_key
    known = set(TicketCopy.objects.filter(ticket=plan.kept).values_list("email_key", flat=True))
    people = {one.customer.email_key: one.customer for one in plan.hidden}
    new = [person for one, person in people.items() if one not in known and one != key]
    if len(known) + len(new) > MAX_COPIES:
        raise Invalid(keep_informed=f"At most {MAX_COPIES} people can be kept informed.")
    TicketCopy.objects.bulk_create(
        TicketCopy(ticket=plan.kept, email=one.email, email_key=one.email_key, added_by=added_by, created_at=now)
        for one in new
    )
