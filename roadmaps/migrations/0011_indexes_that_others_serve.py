"""Indexes of foreign keys that another index begins with are dropped; writes need not keep them."""

import django.db.models.deletion
from django.db import migrations, models

from mlops_maturity.migrating import without_index


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('organizations', '0051_indexes_that_others_serve'),
        ('roadmaps', '0010_business_case'),
    ]

    operations = [
        without_index('roadmaps', 'control', 'roadmap', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='controls', to='roadmaps.roadmap', verbose_name='roadmap')),
        without_index('roadmaps', 'item', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='organizations.organization', verbose_name='organization')),
        without_index('roadmaps', 'item', 'roadmap', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='roadmaps.roadmap', verbose_name='roadmap')),
        without_index('roadmaps', 'roadmap', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='roadmaps', to='organizations.organization', verbose_name='organization')),
        without_index('roadmaps', 'staffedrole', 'organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='staffed_roles', to='organizations.organization', verbose_name='organization')),
    ]
