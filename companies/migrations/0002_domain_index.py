from django.db import migrations


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE INDEX company_domains ON companies_company USING gin (domains jsonb_path_ops)")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX company_domains")


class Migration(migrations.Migration):
    """PostgreSQL finds a company by e-mail domain through an index."""

    dependencies = [("companies", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
