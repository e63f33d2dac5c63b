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
            return own
        if user.role == "admin" or user.ticket_scope == "global":
            return self
        mine = Q(assignee=user)
        if user.ticket_scope == "group":
            mine |= Q(group__in=GroupMember.objects.filter(user=user).values("group"))
        return self.filter(mine)
