import django.db.models.deletion
from collections import defaultdict
from django.db import migrations, models

from helpdesk.api.search import SearchTable
from helpdesk.words import vocabulary

SEARCH = SearchTable("tickets_ticketsearch", "number", ("customer", "public", "internal"))
BATCH = 1000


def fill(apps, schema_editor):
    """What tickets.searching writes for new tickets, for those that are there."""
    tickets, searches = (apps.get_model("tickets", name).objects for name in ("Ticket", "TicketSearch"))
    row_of = searches.model
    last = 0
    columns = ("ticket_number", "pk", "subject", "description", "customer__name", "customer__email")
    while rows := list(tickets.filter(ticket_number__gt=last).order_by("ticket_number").values_list(*columns)[:BATCH]):
        last = rows[-1][0]
        keys = [row[1] for row in rows]
        said = defaultdict(list)
        for name in ("Reply", "Note"):
            texts = apps.get_model("tickets", name).objects.filter(ticket__in=keys).order_by("created_at", "id")
            for text in texts:
                said[text.ticket_id, getattr(text, "is_internal", True)].append(text.content)
        searches.bulk_create(
            row_of(
                ticket_id=key,
                number=number,
                customer=vocabulary(name, email)[:2_000],
                public=vocabulary(f"{number} nr{number}", subject, description, *said[key, False])[:120_000],
                internal=vocabulary(*said[key, True])[:80_000],
            )
            for number, key, subject, description, name, email in rows
        )


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0002_numbers_and_tag_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="TicketSearch",
            fields=[
                ("ticket", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="search", serialize=False, to="tickets.ticket")),
                ("number", models.BigIntegerField(help_text="The ticket's.")),
                ("customer", models.TextField(default="", help_text="Name and e-mail address.")),
                ("public", models.TextField(default="")),
                ("internal", models.TextField(default="")),
            ],
        ),
        migrations.RunPython(SEARCH.create, SEARCH.drop),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
