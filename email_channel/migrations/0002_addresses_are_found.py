from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("email_channel", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ticketmail",
            index=models.Index(fields=["email_key"], name="ticket_mail_address"),
        ),
    ]
