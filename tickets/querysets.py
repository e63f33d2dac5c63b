"""The words in which the rest of the house asks for tickets."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import GroupMember, User

ACTIVE = ["open", "pending", "in_progress"]


class TicketQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Tickets that still ask for work."""
        return self.filter(status__in=ACTIVE)

    def unassigned(self) -> Self:
        return self.filter(assignee__isnull=True)

    def overdue(self, now: datetime) -> Self:
        """Open tickets past their due date or their SLA deadline."""
        return self.open().filter(Q(due_date__lt=now) | Q(sla_deadline__lt=now))

    def visible_to(self, user: User) -> Self:
        """The tickets this person may see when signed in: all that their role and scope allow, never more."""
        if not user.is_active:
            return self.none()
        if user.role == "customer":
            own = self.filter(customer=user)
            if user.email_verified_at is None:
                # The mailbox is unproven: only what this very account filed in the portal since it was claimed.
                return own.filter(filed_by=user, source="portal", created_at__gte=user.claimed_at or user.created_at)
            return self.filter(Q(customer=user) | self.copied_to(user) | of_sharing_company(user))
        if user.role == "admin" or user.ticket_scope == "global":
            return self
        mine = Q(assignee=user)
        if user.ticket_scope == "group":
            # Their ids, not a question for them: then the database knows how many tickets those are, and finds few by
            # the indexes of assignee and group instead of looking through all of them.
            mine |= Q(group__in=list(GroupMember.objects.filter(user=user).values_list("group_id", flat=True)))
        return self.filter(mine)

    def copied_to(self, user: User) -> Q:
        """The tickets about which this person is kept informed, by the address that is theirs."""
        copies = self.model._meta.get_field("copies").related_model._default_manager
        return Q(pk__in=copies.filter(email_key=user.email_key).values("ticket"))


def of_sharing_company(user: User) -> Q:
    """The tickets of colleagues, where the company lets its people see them."""
    if user.company_id is None:
        return Q(pk__in=[])
    return Q(customer__company=user.company_id, customer__company__shares_tickets=True)


class AttachmentQuerySet(models.QuerySet):
    def for_customers(self) -> Self:
        """Files that customers may have: those of public replies, and those that customers added themselves."""
        return self.filter(is_internal=False)
