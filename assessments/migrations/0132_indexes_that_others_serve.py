"""Indexes of foreign keys that another index begins with are dropped; writes need not keep them."""

import django.db.models.deletion
from django.db import migrations, models

from mlops_maturity.migrating import without_index


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('assessments', '0131_notes_by_organization'),
        ('organizations', '0051_indexes_that_others_serve'),
    ]

    operations = [
        without_index('assessments', 'badge', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='badges', to='organizations.organization', verbose_name='organization')),
        migrations.AlterField(
            model_name='benchmarksnapshot',
            name='questionnaire',
            field=models.SlugField(db_index=False, max_length=60, verbose_name='questionnaire'),
        ),
        without_index('assessments', 'consensus', 'round', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='consensus', to='assessments.round', verbose_name='round')),
        without_index('assessments', 'draftrevision', 'version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='assessments.questionnaireversion', verbose_name='questionnaire version')),
        without_index('assessments', 'participant', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='organizations.organization', verbose_name='organization')),
        without_index('assessments', 'participant', 'round', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='participants', to='assessments.round', verbose_name='round')),
        without_index('assessments', 'questionnaire', 'organization', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='questionnaires', to='organizations.organization', verbose_name='organization')),
        without_index('assessments', 'questionnaireversion', 'questionnaire', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='assessments.questionnaire', verbose_name='questionnaire')),
        without_index('assessments', 'reminder', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reminders', to='organizations.organization', verbose_name='organization')),
        without_index('assessments', 'reminder', 'participant', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reminders', to='assessments.participant', verbose_name='participant')),
        without_index('assessments', 'reminderhook', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reminder_hooks', to='organizations.organization', verbose_name='organization')),
        without_index('assessments', 'reminderschedule', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reminder_schedules', to='organizations.organization', verbose_name='organization')),
        without_index('assessments', 'result', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='results', to='organizations.organization', verbose_name='organization')),
        without_index('assessments', 'result', 'round', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='results', to='assessments.round', verbose_name='round')),
        without_index('assessments', 'round', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rounds', to='organizations.organization', verbose_name='organization')),
        without_index('assessments', 'roundteam', 'round', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='round_teams', to='assessments.round', verbose_name='round')),
        without_index('assessments', 'subscription', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='organizations.organization', verbose_name='organization')),
        without_index('assessments', 'teamtool', 'team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tools', to='organizations.team', verbose_name='team')),
    ]
