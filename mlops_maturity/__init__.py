"""The project: settings, URLs, the Celery application and what runs them."""

from mlops_maturity.celery import app as celery_app

__all__ = ["celery_app"]
