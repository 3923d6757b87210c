"""What changes a team; its members are moved in members.py."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from organizations.models import Organization, Team


class NameTaken(Exception):
    """The organization has a team of that name already, perhaps an archived one."""


def create_team(*, organization: Organization, name: str) -> Team:
    """Create and return a team. Raises NameTaken."""
    try:
        with transaction.atomic():
            return Team.objects.create(organization=organization, name=name)
    except IntegrityError as error:
        if "team_name_unique" not in str(error):
            raise
        raise NameTaken(name) from error


def rename_team(*, team: Team, name: str) -> None:
    """Give a team another name. Raises NameTaken."""
    try:
        with transaction.atomic():
            Team.objects.filter(pk=team.pk).update(name=name)
    except IntegrityError as error:
        if "team_name_unique" not in str(error):
            raise
        raise NameTaken(name) from error
    team.name = name


def archive_team(*, team: Team) -> None:
    """Take a team out of use. Its members and results stay; rounds to come and lists to choose from leave it out."""
    Team.objects.filter(pk=team.pk, archived_at=None).update(archived_at=timezone.now())


def restore_team(*, team: Team) -> None:
    """Take an archived team into use again."""
    Team.objects.filter(pk=team.pk).update(archived_at=None)
