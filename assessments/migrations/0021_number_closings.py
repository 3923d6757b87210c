from django.db import migrations


def number(apps, schema_editor):
    """A round that is closed has the first revision of its results."""
    apps.get_model('assessments', 'Round').objects.filter(status='closed').update(revision=1)


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0020_rounds'),
    ]

    operations = [
        migrations.RunPython(number, migrations.RunPython.noop),
    ]
