"""Every index that writes have to keep is one that reads need."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

# A plain index of ours whose columns another one begins with, which serves wherever it would; partial ones serve less.
SERVED_BY_ANOTHER = r"""
    SELECT one.indexrelid::regclass::text, other.indexrelid::regclass::text
    FROM pg_index one
    JOIN pg_class c ON c.oid = one.indrelid
    JOIN pg_index other ON other.indrelid = one.indrelid AND other.indexrelid <> one.indexrelid
    WHERE c.relname ~ '^(assessments|organizations|roadmaps)_'
      AND c.relname <> ALL (%s)
      AND NOT one.indisunique AND one.indpred IS NULL AND other.indpred IS NULL
      AND one.indnkeyatts <= other.indnkeyatts
      AND (one.indkey::int2[])[0:one.indnkeyatts - 1] = (other.indkey::int2[])[0:one.indnkeyatts - 1]
      AND 0 <> ALL ((one.indkey::int2[])[0:one.indnkeyatts - 1])
      AND (one.indclass::oid[])[0:one.indnkeyatts - 1] = (other.indclass::oid[])[0:one.indnkeyatts - 1]
    ORDER BY 1
"""


@pytest.mark.django_db
def test_no_index_does_what_another_does_as_well() -> None:
    # Django makes these itself.
    between = [model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.auto_created]
    with connection.cursor() as cursor:
        cursor.execute(SERVED_BY_ANOTHER, [between])
        assert cursor.fetchall() == []
