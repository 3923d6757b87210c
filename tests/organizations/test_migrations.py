"""Migrations that change what is there."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from organizations.models import Organization

pytestmark = pytest.mark.django_db


def test_slugs_with_capitals_are_mended_before_they_are_refused() -> None:
    migration = import_module("organizations.migrations.0002_slug_lower_case")
    with connection.cursor() as cursor:
        for name in ("organization_slug_lower_case", "organization_slug_free"):
            cursor.execute(f"ALTER TABLE organizations_organization DROP CONSTRAINT {name}")
    for slug in ("Acme", "acme", "ACME", "acme-2", "Borealis", "New", f"{'X' * 60}", f"{'x' * 60}"):
        Organization.objects.create(name=slug, slug=slug)
    migration.lower_slugs(apps, None)
    assert dict(Organization.objects.values_list("name", "slug")) == {
        "Acme": "acme-3",
        "acme": "acme",
        "ACME": "acme-4",
        "acme-2": "acme-2",
        "Borealis": "borealis",
        "New": "new-2",
        "X" * 60: f"{'x' * 50}-2",
        "x" * 60: "x" * 60,
    }
    assert [type(step).__name__ for step in migration.Migration.operations] == ["RunPython", "AddConstraint"]
