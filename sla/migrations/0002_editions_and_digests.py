import django.db.models.deletion
import helpdesk.ids
from django.db import migrations, models


def carry_over(apps, schema_editor):
    """What was stale stays so, and clocks know by which calendar they were set, as far as it is still there."""
    clocks = apps.get_model("sla", "Clock").objects
    apps.get_model("sla", "Edition").objects.create(pk=1, number=1)
    clocks.filter(is_stale=True).update(marked=1)
    for key, revision in apps.get_model("sla", "BusinessHours").objects.values_list("pk", "revision"):
        clocks.filter(business_hours=key).update(hours_revision=revision)


class Migration(migrations.Migration):

    dependencies = [
        ('sla', '0001_initial'),
        ('tickets', '0004_indexes_for_reports'),
    ]

    operations = [
        migrations.CreateModel(
            name='Edition',
            fields=[
                ('id', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('number', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='FormerHours',
            fields=[
                ('revision', models.UUIDField(primary_key=True, serialize=False)),
                ('timezone', models.CharField(max_length=64)),
                ('schedule', models.JSONField()),
                ('holidays', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='Untold',
            fields=[
                ('id', models.UUIDField(default=helpdesk.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('target', models.CharField(max_length=20)),
                ('kind', models.CharField(max_length=20)),
                ('deadline', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveIndex(
            model_name='clock',
            name='clock_stale',
        ),
        migrations.AddField(
            model_name='change',
            name='edition',
            field=models.PositiveBigIntegerField(default=1),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='clock',
            name='hours_revision',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='clock',
            name='marked',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='clock',
            name='reckoned',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='clock',
            name='is_stale',
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(condition=models.Q(('marked__gt', models.F('reckoned'))), fields=['next_event_at'], name='clock_stale'),
        ),
        migrations.AddField(
            model_name='untold',
            name='policy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='untold', to='sla.slapolicy'),
        ),
        migrations.AddField(
            model_name='untold',
            name='ticket',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket'),
        ),
    ]
