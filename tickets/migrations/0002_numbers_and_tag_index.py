from django.db import migrations


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE SEQUENCE tickets_ticket_number OWNED BY tickets_ticket.ticket_number")
        schema_editor.execute("CREATE INDEX ticket_tags ON tickets_ticket USING gin (tags jsonb_path_ops)")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX ticket_tags")
        schema_editor.execute("DROP SEQUENCE tickets_ticket_number")


class Migration(migrations.Migration):
    """Ticket numbers come from a sequence on PostgreSQL and from a counter row (TicketCounter) elsewhere."""

    dependencies = [("tickets", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
