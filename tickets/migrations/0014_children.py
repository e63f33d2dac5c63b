from django.db import migrations, models

from helpdesk.indexing import IN_ONE_TRANSACTION, AddIndexMeanwhile, RemoveIndexMeanwhile


class Migration(migrations.Migration):
    atomic = IN_ONE_TRANSACTION

    dependencies = [
        ("tickets", "0013_people_informed_in_history"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="ticket",
            index=models.Index(
                fields=["parent_ticket", "created_at", "id"],
                name="ticket_child",
                condition=models.Q(("parent_ticket__isnull", False)),
            ),
        ),
        RemoveIndexMeanwhile(model_name="ticket", name="ticket_parent"),
    ]
