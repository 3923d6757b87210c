from django.db import migrations

COLUMNS = {
    'organization': 'name, slug, time_zone, language',
    'team': 'organization_id, name, archived_at',
    'member': 'organization_id, user_id, team_id, role',
    'invitation': 'organization_id, role, team_id',
}


class Migration(migrations.Migration):
    """What was there before the audit trail, so that a first change can be told from it."""

    dependencies = [
        ('organizations', '0021_audit_trail'),
    ]

    operations = [
        migrations.RunSQL(
            f"INSERT INTO organizations_{table}event (pgh_created_at, pgh_label, pgh_obj_id, {columns})"
            f" SELECT now(), 'baseline', id, {columns} FROM organizations_{table} ORDER BY id",
            migrations.RunSQL.noop,
        )
        for table, columns in COLUMNS.items()
    ]
