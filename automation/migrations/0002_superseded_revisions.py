from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone


def supersede(apps, schema_editor):
    """Of every rule only the newest revision is in force, of a deleted one none."""
    revisions = apps.get_model("automation", "RuleRevision").objects
    newer = revisions.filter(rule=OuterRef("rule"), pk__gt=OuterRef("pk"))
    revisions.filter(Q(rule=None) | Exists(newer)).update(superseded_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [
        ("automation", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="rulerevision",
            name="superseded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(supersede, migrations.RunPython.noop),
    ]
