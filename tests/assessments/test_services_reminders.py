"""Planning and sending reminders: one mail for each person and date, whatever happens, and none to others."""

from __future__ import annotations

import datetime as dt
import re
from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from pytest_django.fixtures import Settings

from assessments.delivery import Verdict
from assessments.models import Participant, Reminder, ReminderSchedule, Round, Subscription
from assessments.models.reminders import Every, Fate, Problem, Reason
from assessments.services import deliveries, reminders, rounds
from assessments.services.deliveries import LEASE, send_due
from assessments.services.reminding import plan_reminders
from organizations.models import Member, Organization, Role
from organizations.services.members import remove_member
from tests import factories
from tests.assessments.reminding import Clock, letters, tick, told
from tests.factories import Cast
from tests.organizations.test_services import at_once

pytestmark = pytest.mark.django_db

DUE_IN_14 = "Acme Insurance: the next assessment is due in 14 days"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(monkeypatch)
    clock.set("2026-03-01 08:00")
    return clock


@pytest.fixture
def schedule(cast: Cast, clock: Clock) -> ReminderSchedule:
    """Every quarter from 1 April 2026 on, at 9 in Berlin."""
    Organization.objects.filter(pk=cast.organization.pk).update(time_zone="Europe/Berlin")
    cast.organization.refresh_from_db()
    return reminders.make_schedule(
        organization=cast.organization,
        team=None,
        every=Every.QUARTER,
        anchor=dt.date(2026, 4, 1),
        hour=9,
        days_before=[0, 3, 14],
    )


class Unreliable(EmailBackend):
    """Raises what `failures` has for an address, the last first, and `down` for everything."""

    failures: dict[str, list[Exception]]
    down: OSError | None

    def open(self) -> bool:
        if self.down:
            raise self.down
        return True

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            if waiting := self.failures.get(message.to[0]):
                raise waiting.pop()
        return int(super().send_messages(messages))


@pytest.fixture
def unreliable(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> type[Unreliable]:
    settings.EMAIL_BACKEND = f"{__name__}.Unreliable"
    monkeypatch.setattr(mail, "outbox", [], raising=False)
    monkeypatch.setattr(Unreliable, "failures", {}, raising=False)
    monkeypatch.setattr(Unreliable, "down", None, raising=False)
    return Unreliable


def in_charge(cast: Cast) -> list[str]:
    return sorted([cast.facilitator.email, cast.owner.email])


def test_those_in_charge_are_told_at_the_hour_and_only_once(
    cast: Cast, schedule: ReminderSchedule, clock: Clock
) -> None:
    clock.set("2026-03-18 07:59")
    tick()
    assert told() == []
    clock.forward(minutes=1)
    for _minute in range(3):
        tick()
        clock.forward(minutes=1)
    assert sorted(told()) == [(email, DUE_IN_14) for email in in_charge(cast)]
    for moment, subject in (
        ("2026-03-29 07:00", "due in 3 days"),
        ("2026-04-01 07:00", "due today"),
        ("2026-06-17 07:00", "due in 14 days"),
    ):
        clock.set(moment)
        clock.forward(minutes=-1)
        tick()
        assert told() == []
        clock.forward(minutes=1)
        tick()
        assert [text.rpartition(" is ")[2] for _to, text in told()] == [subject, subject]


def test_a_week_off_is_made_up_for_by_one_mail(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> None:
    clock.set("2026-04-08 12:00")
    for _minute in range(3):
        tick()
    assert sorted(told()) == [
        (email, "Acme Insurance: the next assessment was due on 1 April 2026") for email in in_charge(cast)
    ]


def test_what_lies_before_the_plan_is_not_made_up_for(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> None:
    clock.set("2026-03-18 12:00")
    reminders.change_schedule(schedule=schedule, hour=9)
    tick()
    assert told() == []


def test_a_schedule_changed_in_the_morning_holds_from_then_on(
    cast: Cast, schedule: ReminderSchedule, clock: Clock
) -> None:
    clock.set("2026-03-18 06:00")
    tick()
    assert Reminder.objects.count() == 2
    reminders.change_schedule(schedule=schedule, hour=11)
    clock.set("2026-03-18 08:30")
    tick()
    assert told() == []
    clock.set("2026-03-18 10:00")
    tick()
    assert len(told()) == 2


@pytest.mark.parametrize("hindrance", ["pause", "skip", "round", "deletion"])
def test_nobody_is_told_of_what_is_not_needed(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, hindrance: str
) -> None:
    if hindrance == "pause":
        reminders.pause_schedule(schedule=schedule)
    elif hindrance == "skip":
        reminders.skip_date(schedule=schedule, on=dt.date(2026, 4, 1))
    elif hindrance == "round":
        factories.make_round(cast.organization, quarter=(2026, 2))
    else:
        Organization.objects.update(deletion_at=clock.now + dt.timedelta(days=90))
    clock.set("2026-03-18 08:00")
    tick()
    assert told() == []
    reasons = set(Reminder.objects.values_list("state", "reason"))
    assert reasons == ({(Fate.LEFT_OUT, Reason.ROUND)} if hindrance == "round" else set())


def test_a_pause_is_not_made_up_for(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> None:
    reminders.pause_schedule(schedule=schedule)
    clock.set("2026-03-20 08:00")
    tick()
    reminders.resume_schedule(schedule=schedule)
    tick()
    assert told() == []
    clock.set("2026-03-29 08:00")
    tick()
    assert len(told()) == 2


def test_a_skipped_date_can_be_kept_and_only_dates_are_skipped(schedule: ReminderSchedule, clock: Clock) -> None:
    reminders.skip_date(schedule=schedule, on=dt.date(2026, 4, 1))
    reminders.keep_date(schedule=schedule, on=dt.date(2026, 4, 1))
    assert schedule.skipped == []
    for wrong in (dt.date(2026, 4, 2), dt.date(2026, 1, 1)):
        with pytest.raises(reminders.NotADate):
            reminders.skip_date(schedule=schedule, on=wrong)


def test_last_quarters_round_does_not_count_for_this_one(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> None:
    factories.make_round(cast.organization, quarter=(2026, 1))
    clock.set("2026-03-18 08:00")
    tick()
    [text, _other] = [str(letter.body) for letter in letters()]
    assert "The last round was Q1 2026." in text
    assert re.search(r"Plan the round:\n\S+/orgs/acme-insurance/rounds/new/\?from=\d+\n", text)


def test_the_end_of_a_membership_or_role_ends_the_mail(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> None:
    second = factories.make_member(cast.organization, role=Role.FACILITATOR)
    clock.set("2026-03-18 06:00")
    tick()
    assert Reminder.objects.count() == 3
    remove_member(member=second)
    Member.objects.filter(user=cast.facilitator).update(role=Role.MEMBER)
    clock.set("2026-03-18 08:00")
    tick()
    assert [to for to, _subject in told()] == [cast.owner.email]
    assert set(Reminder.objects.filter(state=Fate.LEFT_OUT).values_list("user", "reason")) == {
        (second.user_id, Reason.GONE),
        (cast.facilitator.pk, Reason.GONE),
    }


def test_a_teams_dates_are_for_those_of_the_team_and_else_for_all(cast: Cast, clock: Clock) -> None:
    lonely, teams = factories.make_team(cast.organization, "Claims"), [cast.team]
    teams.append(lonely)
    factories.make_member(cast.organization, factories.make_user("other@acme.example"), role=Role.FACILITATOR)
    for team, day in zip(teams, (1, 2), strict=True):
        reminders.make_schedule(
            organization=cast.organization,
            team=team,
            every=Every.WEEKS,
            weeks=6,
            anchor=dt.date(2026, 4, day),
            hour=9,
            days_before=[0],
        )
    clock.set("2026-04-01 10:00")
    tick()
    assert sorted(told()) == [
        (email, "Acme Insurance, Pricing: the next assessment is due today") for email in in_charge(cast)
    ]
    clock.set("2026-04-02 10:00")
    tick()
    assert sorted(to for to, _subject in told()) == sorted([*in_charge(cast), "other@acme.example"])
    with pytest.raises(reminders.ScheduleThere):
        reminders.make_schedule(
            organization=cast.organization,
            team=lonely,
            every=Every.YEAR,
            anchor=dt.date(2026, 4, 1),
            hour=9,
            days_before=[],
        )


def test_several_on_a_day_are_one_mail_across_teams_and_organizations(
    cast: Cast, schedule: ReminderSchedule, clock: Clock
) -> None:
    factories.make_member(cast.elsewhere, cast.owner, role=Role.FACILITATOR)
    reminders.make_schedule(
        organization=cast.elsewhere, team=None, every=Every.YEAR, anchor=dt.date(2026, 4, 1), hour=20, days_before=[0]
    )
    for name in ("Claims", "Fraud"):
        reminders.make_schedule(
            organization=cast.organization,
            team=factories.make_team(cast.organization, name),
            every=Every.YEAR,
            anchor=dt.date(2026, 4, 1),
            hour=11,
            days_before=[0],
        )
    clock.set("2026-04-01 07:00")
    tick()
    mails = {letter.to[0]: letter for letter in letters()}
    assert sorted(mails) == in_charge(cast)
    text = str(mails[cast.owner.email].body)
    assert mails[cast.owner.email].subject == "Acme Insurance: the next assessment is due today, and 3 more"
    for name in ("Acme Insurance, Claims", "Acme Insurance, Fraud", "Borealis Bank"):
        assert f"{name}: the next assessment is due today" in text
    clock.set("2026-04-01 21:00")
    tick()
    assert [to for to, _subject in told()] == [cast.outsider.email]


def test_text_and_html_say_the_same_and_can_be_ended(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> None:
    Organization.objects.filter(pk=cast.organization.pk).update(name="Acme & <Sons>")
    clock.set("2026-03-18 08:00")
    tick()
    first, second = letters()
    html = str(first.alternatives[0][0])
    assert first.subject == "Acme & <Sons>: the next assessment is due in 14 days"
    assert "in Acme & <Sons> is due in 14 days, on 1 April 2026." in str(first.body)
    assert "in Acme &amp; &lt;Sons&gt; is due in 14 days, on 1 April 2026." in html
    assert 'content="light dark"' in html
    assert "<img" not in html
    headers = first.extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>")
    assert address in str(first.body)
    assert address in html
    assert headers["Message-ID"] != second.extra_headers["Message-ID"]
    assert not any(line.startswith(" ") or line.endswith("  ") for line in str(first.body).splitlines())
    assert "\n\n\n" not in str(first.body)


def test_where_mail_comes_back_to_is_the_envelopes_sender(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, settings: Settings
) -> None:
    settings.BOUNCES_TO = "bounces@acme.example"
    clock.set("2026-03-18 08:00")
    tick()
    first = letters()[0]
    assert first.from_email == "bounces@acme.example"
    assert first.message()["From"] == settings.DEFAULT_FROM_EMAIL


def test_transient_failures_are_tried_again_for_a_day_with_one_message_id(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, unreliable: type[Unreliable]
) -> None:
    unlucky = cast.owner.email
    unreliable.failures[unlucky] = [SMTPRecipientsRefused({unlucky: (450, b"4.2.1 later")}) for _n in range(99)]
    clock.set("2026-03-18 08:00")
    tick()
    assert [to for to, _subject in told()] == [cast.facilitator.email]
    waited = [Reminder.objects.get(user=cast.owner).try_at - clock.now]
    message_id = Reminder.objects.get(user=cast.owner).message_id
    while (row := Reminder.objects.get(user=cast.owner)).state == Fate.DUE:
        assert row.error == "450 4.2.1 later"
        clock.now = row.try_at
        tick()
        waited.append(Reminder.objects.get(user=cast.owner).try_at - clock.now)
    assert [span.total_seconds() / 60 for span in waited[:8]] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (row.state, row.sent_at, row.message_id) == (Fate.FAILED, None, message_id)
    assert (
        dt.timedelta(days=1) <= clock.now - dt.datetime(2026, 3, 18, 8, tzinfo=dt.UTC) < dt.timedelta(days=1, hours=1)
    )
    assert told() == []


def test_a_server_that_is_down_costs_one_try_a_minute_and_nobody_their_mail(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, unreliable: type[Unreliable]
) -> None:
    unreliable.down = ConnectionRefusedError("nobody there")
    clock.set("2026-03-18 08:00")
    tick()
    assert sorted(Reminder.objects.values_list("attempts", flat=True)) == [0, 1]
    clock.forward(hours=2)
    unreliable.down = None
    tick()
    assert sorted(to for to, _subject in told()) == in_charge(cast)


@pytest.mark.parametrize(
    ("error", "state", "bounces"),
    [
        (SMTPRecipientsRefused({"x": (550, b"no such mailbox")}), Fate.FAILED, 1),
        (SMTPDataError(554, b"looks like spam"), Fate.FAILED, 0),
        (SMTPDataError(451, b"later"), Fate.DUE, 0),
        (SMTPSenderRefused(553, b"not you", "x"), Fate.DUE, 0),
        (SMTPAuthenticationError(535, b"who are you"), Fate.DUE, 0),
        (SMTPServerDisconnected("gone"), Fate.DUE, 0),
        (TimeoutError("timed out"), Fate.DUE, 0),
        (ValueError("a fault of ours"), Fate.DUE, 0),
    ],
)
def test_each_refusal_has_its_consequence(
    error: Exception,
    state: Fate,
    bounces: int,
    cast: Cast,
    schedule: ReminderSchedule,
    clock: Clock,
    unreliable: type[Unreliable],
) -> None:
    unreliable.failures[cast.owner.email] = [error]
    clock.set("2026-03-18 08:00")
    tick()
    assert Reminder.objects.get(user=cast.owner).state == state
    assert Reminder.objects.get(user=cast.owner).error
    assert sum(Subscription.objects.values_list("bounces", flat=True)) == bounces
    clock.forward(minutes=2)
    tick()
    received = sorted(to for to, _subject in told())
    assert received == (in_charge(cast) if state == Fate.DUE else [cast.facilitator.email])


def test_three_refusals_in_a_row_end_the_mail_and_one_success_forgives(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, unreliable: type[Unreliable]
) -> None:
    refused = SMTPRecipientsRefused({"x": (550, b"no such mailbox")})
    moments = ("2026-03-18", "2026-03-29", "2026-04-01", "2026-06-17", "2026-06-28", "2026-07-01", "2026-09-17")
    outcomes = []
    for number, day in enumerate(moments):
        unreliable.failures[cast.owner.email] = [] if number == 2 else [refused]
        clock.set(f"{day} 08:00")
        tick()
        row = Reminder.objects.filter(user=cast.owner).latest("send_at")
        outcomes.append(row.reason or row.state)
    failed = [Fate.FAILED.value]
    assert outcomes == [*failed * 2, "sent", *failed * 3, "bounced"]
    assert Subscription.objects.get(user=cast.owner).bounces == 3


@pytest.mark.django_db(transaction=True)
def test_two_beats_and_two_workers_send_one_mail_to_each(cast: Cast, clock: Clock) -> None:
    schedules = [factories.make_schedule(cast.organization)]
    schedules += [
        factories.make_schedule(cast.organization, team=factories.make_team(cast.organization)) for _n in range(3)
    ]
    others = [factories.make_member(cast.organization, role=Role.FACILITATOR).user for _n in range(8)]
    clock.set("2026-03-18 12:00")
    assert at_once(plan_reminders, plan_reminders, plan_reminders) == ["", "", ""]
    assert Reminder.objects.count() == len(schedules) * (len(others) + 2)

    def work() -> None:
        send_due()

    assert at_once(work, work, work) == ["", "", ""]
    send_due()
    received = sorted(to for to, _subject in told())
    assert received == sorted([*in_charge(cast), *(user.email for user in others)])
    assert not Reminder.objects.exclude(state=Fate.SENT).exists()


def test_who_dies_with_a_claim_leaves_it_to_the_next_after_a_while(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.set("2026-03-18 08:00")
    plan_reminders()

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_deliver", die)
        with pytest.raises(KeyboardInterrupt):
            send_due()
    [message_id] = Reminder.objects.filter(state=Fate.CLAIMED).values_list("message_id", flat=True)
    send_due()
    assert len(told()) == 1
    clock.now += LEASE
    send_due()
    assert told() == []
    clock.forward(seconds=1)
    send_due()
    [late] = letters()
    assert late.extra_headers["Message-ID"] == message_id


def test_between_the_servers_ok_and_our_record_it_errs_towards_twice(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.set("2026-03-18 08:00")
    plan_reminders()

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_succeed", die)
        with pytest.raises(KeyboardInterrupt):
            send_due()
    clock.now += LEASE
    clock.forward(seconds=1)
    send_due()
    sent = [letter.extra_headers["Message-ID"] for letter in letters()]
    assert (len(sent), len(set(sent))) == (3, 2)


def test_a_slow_worker_does_not_record_what_another_has_claimed_since(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, unreliable: type[Unreliable]
) -> None:
    clock.set("2026-03-18 08:00")
    plan_reminders()
    slow = deliveries._claim()
    clock.now += LEASE
    clock.forward(seconds=1)
    again = deliveries._claim()
    assert [row.pk for row in slow] == [row.pk for row in again]
    deliveries._fail(slow, Verdict("late", is_final=True))
    assert {row.state for row in Reminder.objects.filter(pk=slow[0].pk)} == {Fate.CLAIMED}


def test_a_test_goes_to_one_person_at_once_whatever_they_chose(
    cast: Cast, schedule: ReminderSchedule, clock: Clock
) -> None:
    Subscription.objects.create(organization=cast.organization, user=cast.owner, reminders=False)
    for _twice in range(2):
        reminders.send_test(schedule=schedule, user=cast.owner)
        tick()
    assert told() == [(cast.owner.email, "Test: Acme Insurance: the next assessment is due in 31 days")] * 2
    clock.set("2026-03-18 08:00")
    tick()
    assert [to for to, _subject in told()] == [cast.facilitator.email]
    assert Reminder.objects.get(user=cast.owner, is_test=False).reason == Reason.UNSUBSCRIBED


# Rounds that open by themselves


@pytest.fixture
def last(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> Round:
    """A round of the quarter before, in which two people were asked, one of them gone since."""
    round_ = factories.make_round(cast.organization, teams=[cast.team], quarter=(2026, 1), show_last_answers=True)
    factories.make_participant(round_, user=cast.member)
    gone = factories.make_member(cast.organization)
    factories.make_participant(round_, user=gone.user)
    remove_member(member=gone)
    rounds.close_round(round_=round_)
    return round_


def test_a_round_opens_by_itself_as_a_copy_of_the_last(
    cast: Cast, schedule: ReminderSchedule, last: Round, clock: Clock
) -> None:
    reminders.change_schedule(schedule=schedule, opens_round=True, open_days=10)
    clock.set("2026-04-01 06:59")
    tick()
    assert Round.objects.count() == 1
    clock.set("2026-04-01 07:00")
    letters()
    for _twice in range(2):
        tick()
    new = Round.objects.exclude(pk=last.pk).get()
    assert (new.period, new.status, new.previous) == ("Q2 2026", "open", last)
    assert new.closes_at == dt.datetime(2026, 4, 11, 7, tzinfo=dt.UTC)
    assert (list(new.teams.all()), new.show_last_answers) == ([cast.team], True)
    assert [row.user for row in new.participants.all()] == [cast.member]
    mails = letters()
    assert sorted(letter.to[0] for letter in mails) == in_charge(cast)
    assert mails[0].subject == "Acme Insurance: the round Q2 2026 is open"
    assert "and 1 person is invited." in str(mails[0].body)
    assert f"/rounds/{new.pk}/" in str(mails[0].body)
    schedule.refresh_from_db()
    assert schedule.opens_next_at == dt.datetime(2026, 7, 1, 7, tzinfo=dt.UTC)


def test_what_stops_a_round_from_opening_is_told(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> None:
    reminders.change_schedule(schedule=schedule, opens_round=True)
    clock.set("2026-04-01 08:00")
    tick()
    schedule.refresh_from_db()
    assert schedule.problem == Problem.NO_ROUND
    assert "No round could open by itself: there is no earlier round to copy." in str(letters()[0].body)


def test_a_round_opened_by_hand_is_not_opened_again(
    cast: Cast, schedule: ReminderSchedule, last: Round, clock: Clock
) -> None:
    reminders.change_schedule(schedule=schedule, opens_round=True)
    clock.set("2026-03-30 08:00")
    factories.make_round(cast.organization, quarter=(2026, 2))
    clock.set("2026-04-01 08:00")
    tick()
    assert Round.objects.count() == 2


def test_a_round_that_opens_a_month_late_is_open_for_as_long(
    cast: Cast, schedule: ReminderSchedule, last: Round, clock: Clock
) -> None:
    reminders.change_schedule(schedule=schedule, opens_round=True, open_days=10)
    clock.set("2026-05-01 08:00")
    tick()
    new = Round.objects.exclude(pk=last.pk).get()
    assert (new.period, new.takes_answers) == ("Q2 2026", True)
    assert new.closes_at == dt.datetime(2026, 5, 11, 7, tzinfo=dt.UTC)


# Nudges


@pytest.fixture
def open_round(cast: Cast, clock: Clock) -> Round:
    """A round that closes on 20 March at 16:00: two have not answered, by account and by address, one has."""
    round_ = factories.make_round(
        cast.organization,
        teams=[cast.team],
        quarter=(2026, 1),
        closes_at=dt.datetime(2026, 3, 20, 16, tzinfo=dt.UTC),
        opened_at=clock.now,
    )
    factories.make_participant(round_, user=cast.member)
    factories.make_participant(round_, email="Guest@partner.example")
    factories.make_response(participant=factories.make_participant(round_, user=cast.viewer))
    round_.participants.update(invited_at=clock.now)
    reminders.change_nudges(organization=cast.organization, days=[7, 2], hour=9)
    return round_


def test_who_has_not_answered_is_nudged_before_it_closes(cast: Cast, open_round: Round, clock: Clock) -> None:
    for day, expected in (("12", 0), ("13", 2), ("14", 0), ("18", 2), ("19", 0)):
        clock.set(f"2026-03-{day} 08:59")
        tick()
        clock.set(f"2026-03-{day} 09:00")
        tick()
        tick()
        found = letters()
        assert sorted(letter.to[0] for letter in found) == ["Guest@partner.example", cast.member.email][:expected], day
        assert all(letter.subject.startswith("Reminder: Acme Insurance asks you") for letter in found)
        assert all(re.search(r"/respond/\S+/", str(letter.body)) for letter in found)
    assert open_round.participants.filter(nudged_at=clock.now - dt.timedelta(days=1)).count() == 2


@pytest.mark.parametrize("hindrance", ["answered", "closed", "moved", "recent", "unsubscribed", "off"])
def test_nobody_is_nudged_without_need(cast: Cast, open_round: Round, clock: Clock, hindrance: str) -> None:
    clock.set("2026-03-13 06:00")
    if hindrance == "off":
        reminders.change_nudges(organization=cast.organization, days=[], hour=9)
    tick()
    assert Reminder.objects.count() == (0 if hindrance == "off" else 2)
    if hindrance == "answered":
        for participant in open_round.participants.filter(response=None):
            factories.make_response(participant=participant)
    elif hindrance == "closed":
        rounds.close_round(round_=open_round)
    elif hindrance == "moved":
        rounds.extend_round(round_=open_round, closes_at=dt.datetime(2026, 4, 20, 16, tzinfo=dt.UTC))
    elif hindrance == "recent":
        open_round.participants.update(nudged_at=clock.now)
    elif hindrance == "unsubscribed":
        Subscription.objects.create(organization=cast.organization, user=cast.member, nudges=False)
        Subscription.objects.create(organization=cast.organization, email="guest@partner.example", nudges=False)
    clock.set("2026-03-13 09:00")
    tick()
    assert told() == []


def test_who_wants_no_nudge_gets_none_by_hand_either(cast: Cast, open_round: Round) -> None:
    open_round.participants.update(invited_at=timezone.now() - Participant.NUDGE_INTERVAL)
    assert Participant.objects.to_nudge().count() == 2
    Subscription.objects.create(organization=cast.organization, email="guest@partner.example", nudges=False)
    assert [row.user for row in Participant.objects.to_nudge()] == [cast.member]
    Subscription.objects.create(organization=cast.organization, user=cast.member, bounces=3)
    assert not Participant.objects.to_nudge().exists()


def test_a_nudge_and_a_reminder_of_one_day_are_one_mail(
    cast: Cast, schedule: ReminderSchedule, open_round: Round, clock: Clock
) -> None:
    asked = factories.make_participant(open_round, user=cast.facilitator)
    Participant.objects.filter(pk=asked.pk).update(invited_at=clock.now)
    rounds.extend_round(round_=open_round, closes_at=dt.datetime(2026, 3, 20, 16, tzinfo=dt.UTC))
    reminders.change_nudges(organization=cast.organization, days=[2], hour=12)
    clock.set("2026-03-18 08:00")
    tick()
    mine = [letter for letter in letters() if letter.to == [cast.facilitator.email]]
    assert len(mine) == 1
    assert "due in 14 days" in str(mine[0].body)
    assert "your answers are not complete yet" in str(mine[0].body)
    clock.set("2026-03-18 12:00")
    tick()
    assert cast.facilitator.email not in [to for to, _subject in told()]


def test_old_fates_are_forgotten_and_those_of_nudges_soon(
    cast: Cast, schedule: ReminderSchedule, open_round: Round, clock: Clock
) -> None:
    clock.set("2026-03-18 10:00")
    tick()
    assert Reminder.objects.nudges().count() == Reminder.objects.of_schedules().count() == 2
    clock.set("2026-04-30 08:00")
    reminders.purge_reminders()
    assert (Reminder.objects.nudges().count(), Reminder.objects.of_schedules().count()) == (0, 2)
    clock.set("2028-04-30 08:00")
    reminders.purge_reminders()
    assert not Reminder.objects.exists()
