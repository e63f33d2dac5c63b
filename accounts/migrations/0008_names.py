from django.db import migrations, models

from helpdesk.indexing import IN_ONE_TRANSACTION, AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = IN_ONE_TRANSACTION

    dependencies = [
        ("accounts", "0007_accounts_of_customers"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="user",
            index=models.Index(
                fields=["name"], name="user_name", condition=models.Q(("merged_into__isnull", True))
            ),
        ),
    ]
