from django.db import migrations, models

from helpdesk.indexing import IN_ONE_TRANSACTION, AddIndexMeanwhile, RemoveIndexMeanwhile


class Migration(migrations.Migration):
    atomic = IN_ONE_TRANSACTION

    dependencies = [
        ("csat", "0001_initial"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="survey",
            index=models.Index(
                fields=["responded_at", "agent", "rating"],
                name="survey_answered",
                condition=models.Q(("responded_at__isnull", False)),
            ),
        ),
        RemoveIndexMeanwhile(model_name="survey", name="survey_responded"),
    ]
