import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0120_draft_revisions'),
    ]

    operations = [
        migrations.AlterField(
            model_name='questionnaireversion',
            name='created_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created'),
        ),
    ]
