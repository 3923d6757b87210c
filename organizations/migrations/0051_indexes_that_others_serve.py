"""Indexes of foreign keys that another index begins with are dropped; writes need not keep them."""

import django.db.models.deletion
from django.db import migrations, models

from mlops_maturity.migrating import without_index


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('organizations', '0050_member_key'),
    ]

    operations = [
        without_index('organizations', 'invitation', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='organizations.organization', verbose_name='organization')),
        without_index('organizations', 'member', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='organizations.organization', verbose_name='organization')),
        without_index('organizations', 'team', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='teams', to='organizations.organization', verbose_name='organization')),
    ]
