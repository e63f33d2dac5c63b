from django.db import migrations, models

from helpdesk.indexing import IN_ONE_TRANSACTION, AddIndexMeanwhile, RemoveIndexMeanwhile


class Migration(migrations.Migration):
    atomic = IN_ONE_TRANSACTION

    dependencies = [
        ("tickets", "0015_mails_in_history"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="ticket",
            index=models.Index(
                fields=["created_at", "id", "first_response_at", "priority", "group", "category", "assignee"],
                name="ticket_filed",
            ),
        ),
        RemoveIndexMeanwhile(model_name="ticket", name="ticket_created_all"),
    ]
