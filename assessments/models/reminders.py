"""Reminders: when an organization wants re-assessment mail, each message with its fate, and who wants none."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.rounds import Participant, Round
from assessments.schedules import MOST_DAYS_BEFORE, Rhythm
from organizations.audit.tracking import tracked
from organizations.models import Organization, Team, User
from organizations.tenancy import SameOrganization, tenant_key

MOST_WEEKS = 104
USUAL_DAYS_BEFORE = (14, 3, 0)
USUAL_HOUR = 9


class Every(models.TextChoices):
    QUARTER = "quarter", _("Every quarter")
    HALF_YEAR = "half_year", _("Every half year")
    YEAR = "year", _("Every year")
    WEEKS = "weeks", _("Every few weeks")


class Problem(models.TextChoices):
    """Why a round could not open by itself."""

    NONE = "", ""
    NO_ROUND = "no_round", _("there is no earlier round to copy")
    NO_VERSION = "no_version", _("no version of its questionnaire is published any more")
    NO_TEAM = "no_team", _("none of its teams is in use any more")


def usual_days_before() -> list[int]:
    return list(USUAL_DAYS_BEFORE)


class ReminderScheduleQuerySet(models.QuerySet["ReminderSchedule"]):
    def running(self) -> ReminderScheduleQuerySet:
        """Return those that are not paused, of organizations that stay and of teams in use."""
        return self.filter(
            Q(team=None) | Q(team__archived_at=None), paused_at=None, organization__deletion_at__isnull=True
        )

    def to_look_at(self) -> ReminderScheduleQuerySet:
        """Return the running ones whose day, as far as it was looked at, is over."""
        return self.running().filter(looked_until__lte=timezone.now())

    def to_open_round(self) -> ReminderScheduleQuerySet:
        """Return the running ones that open a round by themselves and whose moment for it has come."""
        return self.running().filter(opens_next_at__lte=timezone.now())


# Each column of what was planned; not how far it has been carried out.
@tracked(
    *("organization", "team", "every", "weeks", "anchor", "hour", "days_before", "skipped"),
    *("opens_round", "open_days", "paused_at"),
)
class ReminderSchedule(models.Model):
    """When an organization, or one of its teams, is re-assessed and its facilitators are told (docs/reminders.md).

    `looked_until` is how far warnings were turned into reminders: a moment is looked at once. `opens_next_at` is when
    a round opens by itself next, None where none does; `opened_round` is the last that did, for the date `opened_on`,
    and `problem` why none could.
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="reminder_schedules", db_index=False, verbose_name=_("organization")
    )
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="reminder_schedules", verbose_name=_("team")
    )
    every = models.CharField(_("how often"), max_length=9, choices=Every, default=Every.QUARTER)
    weeks = models.PositiveSmallIntegerField(_("weeks"), default=0)
    anchor = models.DateField(_("first date"))
    hour = models.PositiveSmallIntegerField(_("hour"), default=USUAL_HOUR)
    days_before = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("days before"), default=usual_days_before
    )
    skipped = ArrayField(models.DateField(), verbose_name=_("skipped dates"), default=list, blank=True)
    opens_round = models.BooleanField(_("opens the round by itself"), default=False)
    open_days = models.PositiveSmallIntegerField(_("days until it closes"), default=14)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    looked_until = models.DateTimeField(editable=False, default=timezone.now)
    opens_next_at = models.DateTimeField(editable=False, null=True)
    opened_on = models.DateField(editable=False, null=True)
    opened_round = models.ForeignKey(Round, models.SET_NULL, null=True, editable=False, related_name="+")
    problem = models.CharField(editable=False, max_length=10, choices=Problem, blank=True, default=Problem.NONE)

    objects: ClassVar[ReminderScheduleQuerySet] = ReminderScheduleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("reminder schedule")
        verbose_name_plural = _("reminder schedules")
        ordering = ["team__name"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                "team",
                name="reminder_schedule_unique",
                nulls_distinct=False,
                violation_error_message=_("There is a schedule for this already."),
            ),
            models.CheckConstraint(condition=Q(every__in=Every.values), name="reminder_schedule_every_known"),
            models.CheckConstraint(
                condition=Q(every=Every.WEEKS, weeks__range=(1, MOST_WEEKS)) | (~Q(every=Every.WEEKS) & Q(weeks=0)),
                name="reminder_schedule_weeks_fit",
            ),
            models.CheckConstraint(condition=Q(hour__lte=23), name="reminder_schedule_hour_of_a_day"),
            models.CheckConstraint(
                condition=Q(open_days__range=(1, MOST_DAYS_BEFORE)), name="reminder_schedule_open_days_sane"
            ),
            SameOrganization("team", name="reminder_schedule_team_same_organization"),
            SameOrganization("opened_round", name="reminder_schedule_round_same_organization"),
            tenant_key("reminder_schedule_of_organization"),
        ]

    def __str__(self) -> str:
        return str(self.team or self.organization)

    @property
    def rhythm(self) -> Rhythm:
        """Its dates; in the organization's time zone, for which that has to be at hand."""
        return Rhythm(self.every, self.anchor, self.hour, self.organization.time_zone, self.weeks)


@tracked("organization", "nudge_days", "nudge_hour")
class ReminderSettings(models.Model):
    """How many days before a round closes those who have not answered are reminded; `looked_until` as for schedules."""

    organization = models.OneToOneField(
        Organization, models.CASCADE, related_name="reminder_settings", verbose_name=_("organization")
    )
    nudge_days = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("days before"), default=list, blank=True)
    nudge_hour = models.PositiveSmallIntegerField(_("hour"), default=USUAL_HOUR)
    looked_until = models.DateTimeField(editable=False, default=timezone.now)

    class Meta:
        verbose_name = _("reminder settings")
        verbose_name_plural = _("reminder settings")
        constraints = [
            models.CheckConstraint(condition=Q(nudge_hour__lte=23), name="reminder_settings_hour_of_a_day"),
        ]

    def __str__(self) -> str:
        return str(self.organization)


class Channel(models.TextChoices):
    WEBHOOK = "webhook", _("Webhook (signed JSON)")
    SLACK = "slack", _("Slack, or what takes its messages")


# Never the address: that of Slack is a secret.
@tracked("organization", "channel", "disabled_at", also=["url"])
class ReminderHook(models.Model):
    """An address that is told of each date beside the mails; after three messages in a row that failed it is off."""

    MOST_FAILURES = 3

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="reminder_hooks", db_index=False, verbose_name=_("organization")
    )
    channel = models.CharField(_("kind"), max_length=7, choices=Channel, default=Channel.WEBHOOK)
    url = models.URLField(_("address"), max_length=500)
    failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0, editable=False)
    disabled_at = models.DateTimeField(_("switched off"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                "url",
                name="reminder_hook_unique",
                violation_error_message=_("This address is told already."),
            ),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="reminder_hook_channel_known"),
            models.CheckConstraint(condition=~Q(url=""), name="reminder_hook_url_given"),
            tenant_key("reminder_hook_of_organization"),
        ]

    def __str__(self) -> str:
        return str(self.get_channel_display())

    @property
    def host(self) -> str:
        """The host alone, as the rest of an address may be a secret."""
        return urlsplit(self.url).hostname or ""


class Fate(models.TextChoices):
    DUE = "due", _("Waiting")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    LEFT_OUT = "left_out", _("Left out")


class Reason(models.TextChoices):
    """Why a reminder was left out."""

    NONE = "", ""
    ROUND = "round", _("a round was opened for this date")
    UNSUBSCRIBED = "unsubscribed", _("the person wants no such mail")
    BOUNCED = "bounced", _("mail to this address came back three times")
    GONE = "gone", _("the person is no longer in charge")
    PLANS = "plans", _("the schedule was paused or changed, or the date skipped")
    ANSWERED = "answered", _("the person has answered, or the round was closed")
    RECENT = "recent", _("the person had a mail about this less than a day before")
    OFF = "off", _("the webhook was switched off")


PENDING = (Fate.DUE, Fate.CLAIMED)


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def claimable(self) -> ReminderQuerySet:
        """Return what is to be sent now: what is due, and what somebody claimed and did not finish in time."""
        now = timezone.now()
        return self.filter(Q(state=Fate.DUE) | Q(state=Fate.CLAIMED, claimed_until__lt=now), try_at__lte=now)

    def nudges(self) -> ReminderQuerySet:
        return self.filter(participant__isnull=False)

    def of_schedules(self) -> ReminderQuerySet:
        return self.filter(participant=None)


class Reminder(models.Model):
    """One message to one person, or one webhook, for one date and one number of days before it.

    For a schedule's date the person is a `user`; before a round closes, a `participant`, with the user where there is
    one. Those of one user and one day are one mail: they share a `message_id`, which stays the same however often the
    mail is tried. The unique constraints are what keeps two beats from planning a message twice.
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="reminders", db_index=False, verbose_name=_("organization")
    )
    schedule = models.ForeignKey(
        ReminderSchedule, models.CASCADE, null=True, blank=True, related_name="reminders", verbose_name=_("schedule")
    )
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="reminders", verbose_name=_("user")
    )
    participant = models.ForeignKey(
        Participant,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="reminders",
        db_index=False,
        verbose_name=_("participant"),
    )
    hook = models.ForeignKey(
        ReminderHook, models.CASCADE, null=True, blank=True, related_name="reminders", verbose_name=_("webhook")
    )
    on = models.DateField(_("date"))
    days_before = models.PositiveSmallIntegerField(_("days before"))
    is_test = models.BooleanField(_("test"), default=False)
    send_at = models.DateTimeField(_("planned"))
    state = models.CharField(_("fate"), max_length=8, choices=Fate, default=Fate.DUE)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason, blank=True, default=Reason.NONE)
    try_at = models.DateTimeField(_("next try"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    first_tried_at = models.DateTimeField(_("first tried"), null=True, blank=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    message_id = models.CharField(_("message"), max_length=120, blank=True, default="", db_index=True)
    error = models.CharField(_("error"), max_length=300, blank=True, default="")
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects: ClassVar[ReminderQuerySet] = ReminderQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-send_at", "-pk"]
        indexes = [
            # For ReminderQuerySet.claimable(), each minute.
            models.Index(fields=["try_at"], name="reminder_pending", condition=Q(state__in=PENDING)),
            # For the last deliveries on the settings page.
            models.Index(fields=["organization", "-send_at"], name="reminder_last"),
        ]
        constraints = [
            models.UniqueConstraint(
                *("schedule", "user", "on", "days_before"), condition=Q(is_test=False), name="reminder_once_a_user"
            ),
            models.UniqueConstraint(
                *("schedule", "hook", "on", "days_before"), condition=Q(is_test=False), name="reminder_once_a_hook"
            ),
            models.UniqueConstraint("participant", "on", "days_before", name="reminder_once_a_participant"),
            models.CheckConstraint(
                condition=Q(schedule__isnull=False, participant=None, hook=None, user__isnull=False)
                | Q(schedule__isnull=False, participant=None, hook__isnull=False, user=None)
                | Q(schedule=None, participant__isnull=False, hook=None, is_test=False),
                name="reminder_to_one",
            ),
            models.CheckConstraint(condition=Q(state__in=Fate.values), name="reminder_state_known"),
            models.CheckConstraint(condition=Q(reason__in=Reason.values), name="reminder_reason_known"),
            models.CheckConstraint(
                condition=Q(state=Fate.SENT, sent_at__isnull=False) | (~Q(state=Fate.SENT) & Q(sent_at=None)),
                name="reminder_sent_has_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state=Fate.CLAIMED, claimed_until__isnull=False)
                | (~Q(state=Fate.CLAIMED) & Q(claimed_until=None)),
                name="reminder_claimed_for_a_while",
            ),
            SameOrganization("schedule", name="reminder_schedule_same_organization"),
            SameOrganization("participant", name="reminder_participant_same_organization"),
            SameOrganization("hook", name="reminder_hook_same_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.on}, {self.days_before}"
