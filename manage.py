#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line

from mlops_maturity.env import read_checkout_env
from organizations.audit.context import audited_command

if __name__ == "__main__":
    read_checkout_env()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlops_maturity.settings")
    with audited_command(sys.argv):
        execute_from_command_line(sys.argv)
