"""The pages on which reminders are planned, and the demo's outbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from assessments.models import Reminder, ReminderHook, ReminderSchedule, ReminderSettings, Subscription
from assessments.models.reminders import Fate
from assessments.selectors.reminders import planned_for
from assessments.services import reminders as service
from organizations.models import Organization, User
from tests import factories
from tests.accounts import text_of
from tests.assessments.reminding import Clock, tick
from tests.factories import Cast

pytestmark = pytest.mark.django_db

PLAN = {
    "team": "",
    "every": "quarter",
    "weeks": "",
    "anchor": "2026-04-01",
    "hour": "9",
    "days_before": "14; 3 0",
    "open_days": "14",
}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(monkeypatch)
    clock.set("2026-03-01 08:00")
    return clock


@pytest.fixture
def facilitator(cast: Cast, clock: Clock, client_of: Callable[[User], Client]) -> Client:
    Organization.objects.filter(pk=cast.organization.pk).update(time_zone="Europe/Berlin")
    return client_of(cast.facilitator)


@pytest.fixture
def schedule(cast: Cast, facilitator: Client) -> ReminderSchedule:
    facilitator.post(url(cast, "new_schedule"), PLAN)
    return ReminderSchedule.objects.get()


def url(cast: Cast, name: str = "reminders", *args: Any) -> str:
    return reverse(name, args=[cast.organization.slug, *args])


def test_nothing_is_planned_at_first_and_a_plan_shows_the_next_five_dates(cast: Cast, facilitator: Client) -> None:
    assert "Nobody is reminded yet" in text_of(facilitator.get(url(cast)))
    answer = facilitator.post(url(cast, "new_schedule"), PLAN, follow=True)
    page = text_of(answer)
    assert "The reminders are planned. The next mail goes out on 18 March 2026, 09:00." in page
    for date in ("1 April 2026", "1 July 2026", "1 October 2026", "1 January 2027", "1 April 2027"):
        assert date in page
    assert "1 July 2027" not in page
    assert "Days before: 14, 3, 0" in page
    assert ReminderSchedule.objects.get().days_before == [14, 3, 0]


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"every": "weeks"}, "Say how many weeks lie between two dates."),
        ({"every": "weeks", "weeks": "0"}, "greater than or equal to 1"),
        ({"days_before": ""}, "Say how many days before, or have the round open by itself."),
        ({"days_before": "two"}, "Enter whole numbers with commas between them"),
        ({"days_before": "999999999"}, "at most 180 days"),
        ({"days_before": "1 2 3 4 5 6 7 8 9 10 11"}, "at most 10 numbers"),
        ({"anchor": "soon"}, "Enter a day, such as 2026-10-01."),
        ({"anchor": "0001-01-01"}, "Choose a day from 2000 to 2100."),
        ({"hour": "24"}, "Select a valid choice"),
        ({"open_days": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    sent: dict[str, str], wrong: str, cast: Cast, facilitator: Client
) -> None:
    answer = facilitator.post(url(cast, "new_schedule"), PLAN | sent)
    assert answer.status_code == 422
    assert wrong in text_of(answer)
    for value in (sent | {"open_days": "14"} | sent).values():
        assert f'value="{value}"' in text_of(answer) or value in ("24", "weeks")
    assert not ReminderSchedule.objects.exists()


def test_the_dates_follow_what_is_typed_and_nothing_is_saved(cast: Cast, facilitator: Client) -> None:
    sent = PLAN | {"preview": "1", "every": "weeks", "weeks": "6", "days_before": ""}
    fragment = facilitator.post(url(cast, "new_schedule"), sent, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "Wednesday, 1 April 2026" in fragment
    assert "Wednesday, 13 May 2026" in fragment
    page = facilitator.post(url(cast, "new_schedule"), sent)
    assert page.status_code == 200
    assert "Wednesday, 13 May 2026" in text_of(page)
    assert "Please correct this" not in text_of(page)
    half = facilitator.post(url(cast, "new_schedule"), sent | {"weeks": "x"}, headers={"HX-Request": "true"})
    assert "Weeks between: Enter a whole number." in half.content.decode()
    far = facilitator.post(url(cast, "new_schedule"), sent | {"anchor": "9998-12-31"}, headers={"HX-Request": "true"})
    assert "First date: Choose a day from 2000 to 2100." in far.content.decode()
    assert not ReminderSchedule.objects.exists()


def test_a_schedule_may_open_rounds_without_warnings(cast: Cast, facilitator: Client) -> None:
    facilitator.post(url(cast, "new_schedule"), PLAN | {"days_before": "", "opens_round": "on"})
    assert ReminderSchedule.objects.get(opens_round=True).days_before == []
    page = text_of(facilitator.get(url(cast)))
    assert "The round opens by itself" in page
    assert "Days before" not in page.split('id="nudges"')[0]


def test_the_page_says_who_gets_the_mails(
    cast: Cast, facilitator: Client, schedule: ReminderSchedule, django_assert_num_queries: Any
) -> None:
    def page() -> str:
        return " ".join(text_of(facilitator.get(url(cast))).split())

    everybody = ", ".join(sorted([cast.facilitator.email, cast.owner.email]))
    assert f"The mails go to {everybody}." in page()
    Subscription.objects.create(organization=cast.organization, user=cast.owner, reminders=False)
    assert f"The mails go to {cast.facilitator.email}." in page()
    assert f"as they want none or it came back: {cast.owner.email}." in page()
    other = factories.make_team(cast.organization)
    cast.organization.members.filter(user=cast.owner).update(team=other)
    team = factories.make_schedule(cast.organization, team=other)
    with django_assert_num_queries(3):
        own, of_team = planned_for(cast.organization)
    assert (own.told, own.refusing) == ([cast.facilitator], [cast.owner])
    assert (of_team.schedule, of_team.told, of_team.refusing) == (team, [], [cast.owner])


def test_each_team_has_one_at_most(cast: Cast, facilitator: Client, schedule: ReminderSchedule) -> None:
    page = text_of(facilitator.get(url(cast, "new_schedule")))
    assert "Pricing" in page
    assert "The whole organization" not in page
    facilitator.post(url(cast, "new_schedule"), PLAN | {"team": cast.team.pk})
    assert ReminderSchedule.objects.count() == 2
    assert "Another schedule" not in text_of(facilitator.get(url(cast)))
    answer = facilitator.post(url(cast, "new_schedule"), PLAN | {"team": cast.team.pk})
    assert answer.status_code == 422


def test_change_pause_skip_and_delete(cast: Cast, facilitator: Client, schedule: ReminderSchedule) -> None:
    def page() -> str:
        return " ".join(text_of(facilitator.get(url(cast))).split())

    facilitator.post(url(cast, "edit_schedule", schedule.pk), PLAN | {"every": "weeks", "weeks": "6", "hour": "7"})
    assert "Every 6 weeks, at 07:00 (Europe/Berlin)" in page()
    facilitator.post(url(cast, "pause_schedule", schedule.pk))
    assert "Paused" in page()
    facilitator.post(url(cast, "resume_schedule", schedule.pk))
    assert "Paused" not in page()
    facilitator.post(url(cast, "skip_date", schedule.pk), {"on": "2026-05-13"})
    assert "(skipped)" in page()
    facilitator.post(url(cast, "skip_date", schedule.pk), {"on": "2026-05-13", "keep": ""})
    assert "(skipped)" not in page()
    for wrong in ("2026-05-14", "9999-12-31", "x", ""):
        answer = facilitator.post(url(cast, "skip_date", schedule.pk), {"on": wrong}, follow=True)
        assert "This is none of the dates to come." in text_of(answer)
    assert "Delete the schedule of Acme Insurance?" in text_of(
        facilitator.get(url(cast, "delete_schedule", schedule.pk))
    )
    facilitator.post(url(cast, "delete_schedule", schedule.pk))
    assert "Nobody is reminded yet" in page()


def test_a_schedule_of_others_is_not_found(cast: Cast, facilitator: Client) -> None:
    theirs = factories.make_schedule(cast.elsewhere)
    for name in ("edit_schedule", "pause_schedule", "skip_date", "test_schedule", "delete_schedule"):
        assert facilitator.post(url(cast, name, theirs.pk)).status_code == 404


def test_the_last_deliveries_are_told_with_their_fate(
    cast: Cast, facilitator: Client, schedule: ReminderSchedule, clock: Clock
) -> None:
    answer = facilitator.post(url(cast, "test_schedule", schedule.pk), follow=True)
    assert f"A test is on its way to {cast.facilitator.email}." in text_of(answer)
    clock.set("2026-03-18 08:00")
    tick()
    Reminder.objects.filter(user=cast.owner).update(state=Fate.FAILED, sent_at=None, error="550 no <such> mailbox")
    page = " ".join(text_of(facilitator.get(url(cast))).split())
    assert "Test · For 1 April 2026, Acme Insurance" in page
    assert 'For 1 April 2026, Acme Insurance</h3> <p class="small text-body-secondary mb-1">Failed: 1, Sent: 1' in page
    assert "The server said: 550 no &lt;such&gt; mailbox" in page
    assert page.count("fate-sent") == 2
    assert page.count("fate-failed") == 1


def test_tests_have_a_limit(cast: Cast, facilitator: Client, schedule: ReminderSchedule, settings: Settings) -> None:
    settings.MAIL_LIMITS = settings.MAIL_LIMITS | {"test": {"user": 1, "organization": 5, "address": 5}}
    for _twice in range(2):
        answer = facilitator.post(url(cast, "test_schedule", schedule.pk), follow=True)
    assert "too many mails for one day" in text_of(answer)
    assert Reminder.objects.count() == 1


@pytest.mark.parametrize("anonymous", [False, True])
def test_when_people_are_nudged_is_saved_and_told_in_numbers_if_at_all(
    anonymous: bool, cast: Cast, facilitator: Client, clock: Clock
) -> None:
    facilitator.post(url(cast), {"nudge_days": "7, 2", "nudge_hour": "10"})
    assert ReminderSettings.objects.get().nudge_days == [7, 2]
    assert 'value="7, 2"' in text_of(facilitator.get(url(cast)))
    assert facilitator.post(url(cast), {"nudge_days": "x", "nudge_hour": "10"}).status_code == 422
    round_ = factories.make_round(
        cast.organization, teams=[cast.team], anonymous=anonymous, closes_at=clock.now + dt.timedelta(days=9)
    )
    factories.make_participant(round_, user=cast.member)
    round_.participants.update(invited_at=clock.now)
    clock.set("2026-03-03 09:00")
    tick()
    page = " ".join(text_of(facilitator.get(url(cast))).split())
    assert ("7 days before it closes: 1 sent" in page) is not anonymous
    assert ("nobody sees how many" in page) is anonymous
    assert cast.member.email not in page


def test_the_page_costs_the_same_with_more_on_it(
    cast: Cast, facilitator: Client, schedule: ReminderSchedule, clock: Clock
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            facilitator.get(url(cast))
        return len(queries)

    clock.set("2026-03-18 08:00")
    tick()
    few = count()
    for _n in range(3):
        service.make_schedule(
            organization=cast.organization,
            team=factories.make_team(cast.organization),
            every=schedule.every,  # type: ignore[arg-type]  # a column's value
            anchor=dt.date(2026, 4, 2),
            hour=9,
            days_before=[14],
        )
    clock.set("2026-03-19 08:00")
    tick()
    assert count() == few


def test_owners_add_webhooks_that_go_by_https(
    cast: Cast, client_of: Callable[[User], Client], schedule: ReminderSchedule
) -> None:
    owner = client_of(cast.owner)
    private = ("https://169.254.169.254/x", "https://[::ffff:10.0.0.1]/", "https://localhost/")
    no_https = ("http://hooks.example/1", "hooks", "ftp://hooks.example")
    for wrong in (*private, *no_https, "https://me:secret@hooks.example/1"):
        assert owner.post(url(cast, "reminder_hooks"), {"channel": "webhook", "url": wrong}).status_code == 422
    right = {"channel": "webhook", "url": "https://hooks.example/1"}
    assert owner.post(url(cast, "reminder_hooks"), right).status_code == 302
    assert owner.post(url(cast, "reminder_hooks"), right).status_code == 422
    hook = ReminderHook.objects.get()
    assert "whsec_" in text_of(owner.get(url(cast, "reminder_hooks")))
    owner.post(url(cast, "test_reminder_hook", hook.pk))
    assert Reminder.objects.get().is_test
    assert "Webhook (signed JSON): hooks.example" in text_of(owner.get(url(cast)))
    ReminderHook.objects.update(disabled_at=schedule.looked_until, failures=3)
    assert "Switched off" in text_of(owner.get(url(cast, "reminder_hooks")))
    owner.post(url(cast, "enable_reminder_hook", hook.pk))
    assert "Switched off" not in text_of(owner.get(url(cast, "reminder_hooks")))
    owner.post(url(cast, "delete_reminder_hook", hook.pk))
    assert not ReminderHook.objects.exists()


def test_the_audit_trail_tells_of_schedules(
    cast: Cast, client_of: Callable[[User], Client], schedule: ReminderSchedule, clock: Clock
) -> None:
    service.skip_date(schedule=schedule, on=dt.date(2026, 4, 1))
    page = text_of(client_of(cast.owner).get(url(cast, "audit")))
    assert "14, 3, 0" in page
    assert "1 April 2026" in page


def test_the_demos_outbox_shows_what_was_sent(
    client: Client,
    settings: Settings,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.DEBUG, settings.EMAIL_FILE_PATH = True, str(tmp_path)
    assert "Nothing yet." in text_of(client.get(reverse("demo_outbox")))
    with get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=tmp_path) as box:
        for number in range(2):
            message = EmailMultiAlternatives(
                f"Nr. {number} <b>", "Hello ä", "a@b.example", ["c@d.example"], connection=box
            )
            message.attach_alternative("<p>Hello <b>ä</b></p>", "text/html")
            message.send()
    page = text_of(client.get(reverse("demo_outbox")))
    assert "(UTC)" in page
    assert page.index("Nr. 1 &lt;b&gt;") < page.index("Nr. 0 &lt;b&gt;")
    [file] = [path.name for path in tmp_path.iterdir()]
    letter = client.get(reverse("demo_letter", args=[file, 1]))
    assert "Hello ä" in text_of(letter)
    assert "frame-src 'self'" in letter["Content-Security-Policy"]
    html = client.get(reverse("demo_letter_html", args=[file, 1]))
    assert html.content.decode().strip() == "<p>Hello <b>ä</b></p>"
    assert "script-src" not in html["Content-Security-Policy"]
    assert "default-src 'none'" in html["Content-Security-Policy"]
    for missing in ([file, 2], ["no.log", 0], ["..", 0]):
        assert client.get(reverse("demo_letter", args=missing)).status_code == 404
