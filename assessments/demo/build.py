"""Makes the demo organization from its story: through the services, then dated back to when it is said to have been."""

from __future__ import annotations

import datetime as dt
from random import Random
from zoneinfo import ZoneInfo

import pgtrigger
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.demo import story
from assessments.demo.answers import answers_in_round, answers_of
from assessments.models import Answer, QuestionnaireVersion, ReminderSchedule, Response, Round
from assessments.models.reminders import USUAL_DAYS_BEFORE, USUAL_HOUR, Every
from assessments.models.results import ResultQuerySet
from assessments.models.rounds import quarter_days
from assessments.selectors.questionnaires import definition_of, version_on_offer
from assessments.services import benchmarks, reminders, responses, rounds
from organizations.models import Member, Organization, Team, User

SLUG = "demo"
ZONE = ZoneInfo(story.TIME_ZONE)


class DemoUnavailable(Exception):
    """The demo organization cannot be made; the message is one line that says why, and the mend."""


@transaction.atomic
def make_demo() -> bool:
    """Make the demo organization with its people and rounds; return False, nothing changed, where it is there already.

    All or nothing. Raises DemoUnavailable where another organization has its address, or where the questionnaire on
    offer is not the shipped one.
    """
    organization, is_new = Organization.objects.get_or_create(
        slug=SLUG, defaults={"name": story.NAME, "time_zone": story.TIME_ZONE}
    )
    if not is_new:
        _refuse_foreign(organization)
        return False
    version = _shipped_version()
    today = timezone.localdate(timezone=ZONE)
    quarters = _quarters_until(today)
    founded_on = quarters[0][0]
    members = _make_people(organization)
    _make_self_assessments(version, members, founded_on)
    for number, (first, last) in enumerate(quarters):
        is_over = last < today
        round_ = rounds.plan_round(
            organization=organization,
            version=version,
            starts_on=first,
            ends_on=last,
            teams=organization.teams.all(),
        )
        rounds.open_round(round_=round_)
        day = first + dt.timedelta(days=45) if is_over else today - dt.timedelta(days=7)
        _hold_round(round_, members, number, day)
        if is_over:
            _close_round(round_, members, number, day + dt.timedelta(days=14))
    for team in organization.teams.all():
        benchmarks.save_tools(team=team, names=story.TOOLS[team.name].split(", "))
    _plan_reminders(organization, today)
    _date_back_founding(organization, founded_on)
    return True


def _plan_reminders(organization: Organization, today: dt.date) -> None:
    """Remind of each quarter's first day, and so that a mail goes out today, in the first minute."""
    _first, last = quarter_days(today.year, (today.month + 2) // 3)
    anchor = last + dt.timedelta(days=1)
    now = timezone.localtime(timezone=ZONE)
    schedule = reminders.make_schedule(
        organization=organization,
        team=None,
        every=Every.QUARTER,
        anchor=anchor,
        hour=min(USUAL_HOUR, now.hour),
        days_before={(anchor - today).days, *USUAL_DAYS_BEFORE},
    )
    began_at = dt.datetime.combine(today, dt.time(), ZONE) - dt.timedelta(seconds=1)
    ReminderSchedule.objects.filter(pk=schedule.pk).update(looked_until=began_at)
    reminders.change_nudges(organization=organization, days=[7, 2], hour=USUAL_HOUR)


def _refuse_foreign(organization: Organization) -> None:
    if not organization.members.filter(user__email__endswith=f"@{story.DOMAIN}").exists():
        raise DemoUnavailable(
            _("The address “%(slug)s” belongs to the organization “%(name)s”; give that one another address first.")
            % {"slug": SLUG, "name": organization.name}
        )


def _shipped_version() -> QuestionnaireVersion:
    version = version_on_offer()
    if version is None:
        raise DemoUnavailable(_("No questionnaire is published yet; run “manage.py questionnaire load” first."))
    if definition_of(version.pk).questions.keys() != story.ADOPTION.keys():
        raise DemoUnavailable(
            _("The demo answers the shipped questions, but “%(version)s” asks others.") % {"version": version}
        )
    return version


def _quarters_until(today: dt.date) -> list[tuple[dt.date, dt.date]]:
    current = today.year * 4 + (today.month - 1) // 3
    return [quarter_days(n // 4, n % 4 + 1) for n in range(current - story.ROUNDS + 1, current + 1)]


def _make_people(organization: Organization) -> dict[str, Member]:
    """Make the users and return the members by name; users who outlived a deleted demo are taken up again."""
    _make_user(story.ADMIN, is_staff=True, is_superuser=True)
    teams = {name: Team.objects.create(organization=organization, name=name) for name in story.TEAMS}
    return {
        person.name: Member.objects.create(
            organization=organization, user=_make_user(person), team=teams.get(person.team), role=person.role
        )
        for person in story.MEMBERS
    }


def _make_user(person: story.Person, **fields: bool) -> User:
    user, _is_new = User.objects.update_or_create(
        email=person.email,
        defaults={
            "first_name": person.first_name,
            "last_name": person.last_name,
            "password": make_password(story.PASSWORD if person.login else None),
            **fields,
        },
    )
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user


def _make_self_assessments(version: QuestionnaireVersion, members: dict[str, Member], day: dt.date) -> None:
    for person, team in story.SELF_ASSESSED:
        user = members[person.name].user
        Response.objects.tried_by(user).delete()
        response = responses.start_response(version=version, user=user)
        _answer(response, answers_of(person, team, 0), day + dt.timedelta(days=20))


def _hold_round(round_: Round, members: dict[str, Member], number: int, day: dt.date) -> None:
    """Ask every team member in an open round, and answer for those who respond within a week of `day`."""
    given = answers_in_round(number)
    for name, member in members.items():
        if member.team is None:
            continue
        participant = rounds.add_participant(round_=round_, team=member.team, email=member.user.email, user=member.user)
        if name in given:
            response = Response.objects.create(
                organization=member.organization, participant=participant, version=round_.version
            )
            _answer(response, given[name], day)
    opened_at = _on_workday(day, dt.time(8, 30))
    Round.objects.filter(pk=round_.pk).update(opened_at=opened_at)
    # Said to have been invited then: nobody gets a mail for it.
    round_.participants.update(invited_at=opened_at)


def _answer(response: Response, given: list[responses.Given], day: dt.date) -> None:
    """Save the answers, and submit them where they are complete, at some working hour in the week after `day`."""
    chance = Random(f"{response.participant or response.user} {day}")  # noqa: S311 - no secret, but the same at every run
    started_at = _on_workday(
        day + dt.timedelta(days=chance.randint(1, 6)), dt.time(chance.randint(9, 16), chance.randrange(60))
    )
    ended_at = started_at + dt.timedelta(minutes=chance.randint(12, 50))
    responses.save_answers(response=response, given=given)
    is_complete = len(given) == len(story.ADOPTION)
    if is_complete:
        responses.submit_response(response=response)
    Answer.objects.filter(response=response).update(updated_at=ended_at)
    Response.objects.filter(pk=response.pk).update(
        created_at=started_at, updated_at=ended_at, submitted_at=ended_at if is_complete else None
    )


def _close_round(round_: Round, members: dict[str, Member], number: int, day: dt.date) -> None:
    """Close a round on a day; a week later teams agree on what the story says."""
    rounds.close_round(round_=round_)
    closed_at, agreed_at = (_on_workday(day + dt.timedelta(days=later), dt.time(16, 30)) for later in (0, 7))
    Round.objects.filter(pk=round_.pk).update(closed_at=closed_at)
    _date_back(round_.results.all(), closed_at)
    for agreement in story.AGREEMENTS:
        if agreement.round == number:
            rounds.record_consensus(
                round_=round_,
                team=round_.teams.get(name=agreement.team),
                agreed=agreement.agreed,
                user=members[story.FACILITATOR.name].user,
            )
            _date_back(round_.results.current(), agreed_at)


def _date_back(results: ResultQuerySet, moment: dt.datetime) -> None:
    # Results never change; here only the day on which they are said to have been computed does.
    with pgtrigger.ignore("assessments.Result:freeze_result"):
        results.update(created_at=moment)


def _on_workday(day: dt.date, time: dt.time) -> dt.datetime:
    """Return that time at the demo's place, on the Friday before where the day is on a weekend."""
    return dt.datetime.combine(day - dt.timedelta(days=max(0, day.weekday() - 4)), time, ZONE)


def _date_back_founding(organization: Organization, day: dt.date) -> None:
    founded_at = _on_workday(day, dt.time(9))
    Organization.objects.filter(pk=organization.pk).update(created_at=founded_at)
    organization.members.update(joined_at=founded_at)
    User.objects.filter(email__endswith=f"@{story.DOMAIN}").update(date_joined=founded_at)
