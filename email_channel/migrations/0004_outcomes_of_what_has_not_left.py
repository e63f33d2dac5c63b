"""Mails that wait or were given up on the day of the update are shown as such; there are few of them."""

from itertools import islice
from uuid import UUID

from django.db import migrations

KEY = "ticket mail:"
BATCH = 1000


def note(apps, schema_editor):
    mails = apps.get_model("email_channel", "TicketMail").objects
    outgoing = apps.get_model("outbox", "OutgoingMail").objects
    unsent = outgoing.filter(state__in=("waiting", "failed"), key__startswith=KEY).order_by("pk")
    rows = unsent.values_list("key", "state", "error").iterator(BATCH)
    while batch := list(islice(rows, BATCH)):
        known = {UUID(key.removeprefix(KEY)): (state, error) for key, state, error in batch}
        found = list(mails.filter(pk__in=known))
        for mail in found:
            mail.outcome, error = known[mail.pk]
            mail.error = error if mail.outcome == "failed" else None
        mails.bulk_update(found, ["outcome", "error"])


class Migration(migrations.Migration):
    dependencies = [
        ("email_channel", "0003_outcomes"),
        ("outbox", "0001_initial"),
    ]

    operations = [migrations.RunPython(note, migrations.RunPython.noop, elidable=True)]
