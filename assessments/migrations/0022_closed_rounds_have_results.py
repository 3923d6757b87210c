from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0021_number_closings'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='round',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'closed'), _negated=True), ('revision__gte', 1), _connector='OR'), name='round_closed_has_results'),
        ),
    ]
