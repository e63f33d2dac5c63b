from django.db import migrations, models


class Migration(migrations.Migration):
    """The database fills these in, too: processes from before may go on writing while the new ones start.

    What is known of older messages is found by 0012_sides_of_older_messages.
    """

    dependencies = [
        ("tickets", "0007_unassigned"),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="is_internal",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AddField(
            model_name="reply",
            name="from_staff",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
