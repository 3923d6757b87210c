import pgtrigger
from django.db import migrations

from assessments.anonymity import shown_groups


def withhold(apps, schema_editor):
    """What an anonymous round kept so far withholds the groups that its page did not show, and counts who submitted."""
    rounds = apps.get_model('assessments', 'Round').objects.filter(anonymous=True, revision__gte=1)
    for round_ in rounds:
        results = list(round_.results.filter(revision=round_.revision))
        shown = shown_groups({row.team_id: row.respondents for row in results if row.team_id})
        withheld = [row.pk for row in results if not (row.team_id in shown.groups if row.team_id else shown.whole)]
        with pgtrigger.ignore('assessments.Result:freeze_result'):
            round_.results.filter(pk__in=withheld).update(withheld=True)
        if shown.whole:
            submitted = apps.get_model('assessments', 'Response').objects.filter(
                participant__round=round_, status='submitted'
            )
            submitted.update(counted_since=round_.revision)


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0023_counted_responses'),
    ]

    operations = [
        migrations.RunPython(withhold, migrations.RunPython.noop),
    ]
