"""Assessment rounds: which teams answer which questionnaire version for which period, and who is asked."""

from __future__ import annotations

import datetime as dt
from string import ascii_lowercase, digits
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, Lower
from django.utils import formats, timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from assessments.anonymity import SMALLEST_GROUP
from assessments.models.questionnaires import QuestionnaireVersion
from assessments.models.subscriptions import Subscription
from organizations.audit.tracking import tracked
from organizations.models import Organization, Team, User
from organizations.tenancy import OwnOrShared, SameOrganization, tenant_key


class RoundStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class Aggregate(models.TextChoices):
    MEAN = "mean", _("Mean")
    MEDIAN = "median", _("Median")


def _count(rows: models.QuerySet[Any]) -> Coalesce:
    """Return how many rows there are, as an expression."""
    return Coalesce(Subquery(rows.order_by().values("round").annotate(number=models.Count("pk")).values("number")), 0)


class RoundQuerySet(models.QuerySet["Round"]):
    def with_progress(self) -> RoundQuerySet:
        """Annotate `asked` and `submitted`: how many participants there are, and how many have submitted.

        Of an anonymous round that asks one or two people `submitted` is None: it would tell who of them has answered.
        """
        asked = Participant.objects.filter(round=OuterRef("pk"))
        # Each round counted by itself: all of an organization's participants together would have to be sorted.
        return self.annotate(asked=_count(asked)).annotate(  # type: ignore[no-redef]  # declared there
            submitted=Case(
                When(
                    ~Q(anonymous=True, asked__lt=SMALLEST_GROUP, asked__gt=0),
                    then=_count(asked.filter(response__status="submitted")),
                )
            )
        )

    def due_to_open(self) -> RoundQuerySet:
        """Return the drafts whose moment to open has come."""
        return self.filter(status=RoundStatus.DRAFT, opens_at__lte=timezone.now())

    def due_to_close(self) -> RoundQuerySet:
        """Return the open rounds whose moment to close has come."""
        return self.filter(status=RoundStatus.OPEN, closes_at__lte=timezone.now())

    def hold(self, participant_id: int) -> Round:
        """Return a participant's round, which cannot change until the transaction ends.

        Many may hold it at once. Whoever closes it waits for them, and who comes to hold it then waits for the closing.
        """
        # FOR SHARE, which Django has no word for: with select_for_update() respondents would wait for each other.
        [round_] = self.raw(
            "SELECT round.* FROM assessments_round AS round JOIN assessments_participant AS participant"
            " ON participant.round_id = round.id WHERE participant.id = %s FOR SHARE OF round",
            [participant_id],
        )
        return round_


@tracked(
    "organization",
    "version",
    "starts_on",
    "ends_on",
    "status",
    "aggregate",
    "anonymous",
    "opens_at",
    "closes_at",
    "revision",
)
class Round(models.Model):
    """One questionnaire version, one organization, a period (first and last day), some teams.

    `revision` counts how often it closed: its results of that number are the current ones, 0 before there are any.
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="rounds", db_index=False, verbose_name=_("organization")
    )
    version = models.ForeignKey(
        QuestionnaireVersion, models.RESTRICT, related_name="rounds", verbose_name=_("questionnaire version")
    )
    starts_on = models.DateField(_("first day of the period"))
    ends_on = models.DateField(_("last day of the period"))
    status = models.CharField(_("status"), max_length=6, choices=RoundStatus, default=RoundStatus.DRAFT)
    aggregate = models.CharField(_("teams are scored by"), max_length=6, choices=Aggregate, default=Aggregate.MEAN)
    anonymous = models.BooleanField(_("anonymous"), default=False)
    opens_at = models.DateTimeField(_("opens by itself"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes by itself"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    revision = models.PositiveSmallIntegerField(_("revision of the results"), default=0, editable=False)
    previous = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("started from")
    )
    show_last_answers = models.BooleanField(_("show respondents their last answers"), default=False)
    teams = models.ManyToManyField(Team, through="RoundTeam", related_name="rounds", verbose_name=_("teams"))

    objects: ClassVar[RoundQuerySet] = RoundQuerySet.as_manager()  # type: ignore[assignment]

    # Of `RoundQuerySet.with_progress`.
    asked: int
    submitted: int | None

    class Meta:
        verbose_name = _("round")
        verbose_name_plural = _("rounds")
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="round_period_forward"),
            models.CheckConstraint(condition=Q(status__in=RoundStatus.values), name="round_status_known"),
            models.CheckConstraint(condition=Q(aggregate__in=Aggregate.values), name="round_aggregate_known"),
            models.CheckConstraint(
                condition=Q(status=RoundStatus.DRAFT, opened_at=None, closed_at=None)
                | Q(status=RoundStatus.OPEN, opened_at__isnull=False, closed_at=None)
                | Q(status=RoundStatus.CLOSED, opened_at__isnull=False, closed_at__isnull=False),
                name="round_moments_match_status",
            ),
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(closes_at__gt=F("opens_at")),
                name="round_closes_after_it_opens",
                violation_error_message=_("A round closes after it opens."),
            ),
            models.CheckConstraint(
                condition=~Q(status=RoundStatus.CLOSED) | Q(revision__gte=1), name="round_closed_has_results"
            ),
            SameOrganization("previous", name="round_previous_same_organization"),
            tenant_key("round_of_organization"),
        ]
        triggers = [OwnOrShared("version", name="round_version_own_or_shared")]

    def __str__(self) -> str:
        return self.period

    def clean(self) -> None:
        if self.version_id and self.version.organization_id not in (None, self.organization_id):
            raise ValidationError({"version": _("This questionnaire belongs to another organization.")})

    @property
    def takes_answers(self) -> bool:
        """Whether people can answer now: it is open, and its moment to close has not come."""
        return self.status == RoundStatus.OPEN and (self.closes_at is None or timezone.now() < self.closes_at)

    @property
    def period(self) -> str:
        """The period as people say it: "Q3 2026" for a calendar quarter, else its first and last day."""
        quarter = (self.starts_on.month + 2) // 3
        if (self.starts_on, self.ends_on) == quarter_days(self.starts_on.year, quarter):
            return _("Q%(quarter)d %(year)d") % {"quarter": quarter, "year": self.starts_on.year}
        return _("%(first)s to %(last)s") % {
            "first": formats.date_format(self.starts_on, "SHORT_DATE_FORMAT"),
            "last": formats.date_format(self.ends_on, "SHORT_DATE_FORMAT"),
        }


def quarter_days(year: int, quarter: int) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a calendar quarter (1 to 4)."""
    first = dt.date(year, 3 * quarter - 2, 1)
    after = dt.date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
    return first, after - dt.timedelta(days=1)


@tracked("organization", "round", "team")
class RoundTeam(models.Model):
    """A team takes part in a round."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name=_("organization"))
    round = models.ForeignKey(
        Round, models.CASCADE, related_name="round_teams", db_index=False, verbose_name=_("round")
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="round_teams", verbose_name=_("team"))

    class Meta:
        verbose_name = _("team in a round")
        verbose_name_plural = _("teams in rounds")
        constraints = [
            models.UniqueConstraint("round", "team", name="round_team_unique"),
            SameOrganization("round", name="round_team_round_same_organization"),
            SameOrganization("team", name="round_team_team_same_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.round}: {self.team}"


def placeholder(kind: str) -> str:
    """Return what stands for the email address of a participant nobody may know any more: no address, never twice."""
    return f"{kind}-{get_random_string(20, ascii_lowercase + digits)}"


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def of(self, user: User) -> ParticipantQuerySet:
        """Return how a user takes part, by account or by an address that the user has confirmed."""
        addresses = EmailAddress.objects.filter(user=user, verified=True, email__iexact=OuterRef("email"))
        return self.filter(Q(user=user) | Q(Exists(addresses), user=None))

    def to_invite(self) -> ParticipantQuerySet:
        """Return those in open rounds whom no invitation has reached yet."""
        return self._reachable().filter(Q(invited_at=None) | Q(mail_waits=True), round__status=RoundStatus.OPEN)

    def waiting(self) -> ParticipantQuerySet:
        """Return those in open rounds who were invited and have not submitted."""
        return self._reachable().filter(
            Q(response=None) | ~Q(response__status="submitted"),
            round__status=RoundStatus.OPEN,
            invited_at__isnull=False,
        )

    def to_nudge(self) -> ParticipantQuerySet:
        """Return those of `waiting` who got no mail for a day, want nudges, and whose mail does not come back."""
        lately = timezone.now() - Participant.NUDGE_INTERVAL
        refused = Subscription.objects.without_nudges().filter(organization=OuterRef("organization"))
        by_email = refused.filter(user=None, email=Lower(OuterRef("email")))
        return self.waiting().filter(
            Q(nudged_at=None) | Q(nudged_at__lte=lately),
            Q(invited_at__lte=lately),
            ~Exists(refused.filter(user=OuterRef("user"))),
            Q(user__isnull=False) | ~Exists(by_email),
        )

    def _reachable(self) -> ParticipantQuerySet:
        # A placeholder is no address.
        return self.filter(email__contains="@")


class Participant(models.Model):
    """A person asked to respond in a round for a team: a user, or someone known by an email address.

    Of a deleted account, and in an imported anonymous round, `email` is a placeholder that is no address.
    `token_hash` is that of the personal link, None until it was sent: the token itself is kept nowhere. `mail_waits`:
    the address had got too many mails when the invitation was due, which counts as sent and follows another day.
    """

    NUDGE_INTERVAL = dt.timedelta(days=1)

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="+", db_index=False, verbose_name=_("organization")
    )
    round = models.ForeignKey(
        Round, models.CASCADE, related_name="participants", db_index=False, verbose_name=_("round")
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="participants", verbose_name=_("team"))
    user = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="participations", verbose_name=_("user")
    )
    email = models.EmailField(_("email address"))
    token_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - many have none
    invited_at = models.DateTimeField(_("invited"), null=True, blank=True)
    nudged_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    mail_waits = models.BooleanField(_("invitation put off"), default=False, editable=False)

    objects: ClassVar[ParticipantQuerySet] = ParticipantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                "round",
                models.functions.Lower("email"),
                name="participant_email_unique",
                violation_error_message=_("This person already takes part in the round."),
            ),
            models.CheckConstraint(condition=~Q(email=""), name="participant_email_given"),
            SameOrganization("round", name="participant_round_same_organization"),
            SameOrganization("team", name="participant_team_same_organization"),
            tenant_key("participant_of_organization"),
        ]

    def __str__(self) -> str:
        return self.email


# `email__lower` is looked up by the index of the constraint, `email__iexact` (which is by upper case) is not.
Participant._meta.get_field("email").register_lookup(Lower)
