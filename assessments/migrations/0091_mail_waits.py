from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0090_result_key'),
    ]

    operations = [
        migrations.AddField(
            model_name='participant',
            name='mail_waits',
            field=models.BooleanField(default=False, editable=False, verbose_name='invitation put off'),
        ),
    ]
