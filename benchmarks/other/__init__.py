"""A minimal Django project for django-survey-and-report; it runs in an environment of its own (`make benchmark`)."""
