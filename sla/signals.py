"""What service levels tell the rooms beside them through the house, inside the transaction that notices it.

Arguments: `ticket`, `target` ("first_response" or "resolution"), `deadline`, `policy_name`, `now`. Each is sent at most
once for a target of a ticket.
"""

from django.dispatch import Signal

# Most of the time is used up.
sla_warning = Signal()

# The deadline has passed.
sla_breached = Signal()
