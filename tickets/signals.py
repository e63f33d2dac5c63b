"""What tickets tell the rest of the house.

Every signal is sent inside the transaction of the verb, after the rows are written; only `ticket_filing` comes before.
Receivers upstairs (SLA, then automation, then the recorders of mail and webhooks; the order in which their apps are
listed in the settings) may change tickets through the verbs again, or write rows of their own; what must leave the
house leaves after commit.

Common arguments: `actor` is the acting user, or None for the system; `cause` is what made the system act (a rule),
or None. `changes` maps a field of the ticket to its (old, new) values.
"""

from django.dispatch import Signal

# ticket (complete but for its deadlines, which receivers may set, and not written yet), actor, cause
ticket_filing = Signal()

# ticket, actor, cause, created (bool), changes (empty on creation)
ticket_saved = Signal()

# ticket, reply, actor, cause, changes (what the reply did to the ticket)
reply_added = Signal()

# ticket, note, actor, cause
note_added = Signal()

# ticket (still complete, about to go), actor
ticket_deleted = Signal()

# ticket, mail (of the outbox, where its key is new), kind (rule, survey, invitation), message (id of the reply or note
# that led to it, of the ticket if that was its first message, or None). Answers and receipts are written by whoever
# would listen.
ticket_mailed = Signal()
