from django.db import migrations

from accounts.querysets import WORDS


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        expression = WORDS.replace('"accounts_user".', "")
        schema_editor.execute(f"CREATE INDEX user_words ON accounts_user USING gin (({expression}))")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX user_words")


class Migration(migrations.Migration):
    """PostgreSQL finds people by the beginnings of words through an index."""

    dependencies = [("accounts", "0005_sessions_and_preferences")]
    operations = [migrations.RunPython(create, drop)]
