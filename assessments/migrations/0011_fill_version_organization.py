from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """Versions belong to the organization of their questionnaire; the database sees to it from the next migration on."""
    questionnaires = apps.get_model('assessments', 'Questionnaire').objects.filter(pk=OuterRef('questionnaire'))
    versions = apps.get_model('assessments', 'QuestionnaireVersion').objects.exclude(questionnaire__organization=None)
    versions.update(organization=Subquery(questionnaires.values('organization')))


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0010_version_organization'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
