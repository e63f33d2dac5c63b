from typing import Any

from django.db import migrations, models
from django.db.models import Q

STAFF = ("agent", "admin")


def remember(apps: Any, schema_editor: Any) -> None:
    """What was known until now: the role that people have at this moment."""
    people = apps.get_model("accounts", "User").objects
    staff = people.filter(role__in=STAFF).values("pk")
    apps.get_model("tickets", "Reply").objects.filter(user__in=staff).update(from_staff=True)
    customers = people.filter(role="customer").values("pk")
    shown = Q(reply__is_internal=False) | Q(reply__isnull=True, uploaded_by__in=customers)
    files = apps.get_model("tickets", "Attachment").objects
    files.filter(pk__in=files.filter(shown).values("pk")).update(is_internal=False)


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0007_unassigned"),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="is_internal",
            field=models.BooleanField(default=True, editable=False),
        ),
        migrations.AddField(
            model_name="reply",
            name="from_staff",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
