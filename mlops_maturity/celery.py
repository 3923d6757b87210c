"""The Celery application: `celery -A mlops_maturity worker` and `celery -A mlops_maturity beat`."""

import os

from celery import Celery
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlops_maturity.settings")

app = Celery("mlops_maturity", task_cls="organizations.audit.context:AuditedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Its log lines carry the id of the request that asked for the task.
app.steps["worker"].add(DjangoStructLogInitStep)
