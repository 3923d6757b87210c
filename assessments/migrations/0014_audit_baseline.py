from django.db import migrations

COLUMNS = {
    'questionnaire': 'organization_id, slug, title',
    'questionnaireversion': 'organization_id, questionnaire_id, number, status',
    'round': 'organization_id, version_id, starts_on, ends_on, status, aggregate, anonymous',
    'roundteam': 'organization_id, round_id, team_id',
    'result': 'organization_id, round_id, team_id',
}


class Migration(migrations.Migration):
    """What was there before the audit trail, so that a first change can be told from it."""

    dependencies = [
        ('assessments', '0013_audit_trail'),
    ]

    operations = [
        migrations.RunSQL(
            f"INSERT INTO assessments_{table}event (pgh_created_at, pgh_label, pgh_obj_id, {columns})"
            f" SELECT now(), 'baseline', id, {columns} FROM assessments_{table} ORDER BY id",
            migrations.RunSQL.noop,
        )
        for table, columns in COLUMNS.items()
    ]
