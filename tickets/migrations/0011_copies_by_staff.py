from typing import Any

from django.db import migrations, models
from django.db.models import F

STAFF = ("agent", "admin")


def remember(apps: Any, schema_editor: Any) -> None:
    """What was known until now: the role of this moment, but customers added people to their own tickets only."""
    staff = apps.get_model("accounts", "User").objects.filter(role__in=STAFF).values("pk")
    copies = apps.get_model("tickets", "TicketCopy").objects
    trusted = copies.filter(added_by__in=staff).exclude(ticket__customer=F("added_by"))
    copies.filter(pk__in=trusted.values("pk")).update(by_staff=True)


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0010_next_due"),
    ]

    operations = [
        migrations.AddField(
            model_name="ticketcopy",
            name="by_staff",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
