"""The ways into the survey: on one's own at `/try/`, as a member who takes part in a round, by a personal link.

Each knows whose response it is, where its steps are, how it begins, and where a submitted response leads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from django.http import Http404, HttpRequest
from django.urls import reverse

from assessments.anonymity import SMALLEST_GROUP
from assessments.definition import Definition
from assessments.models import Answer, Participant, QuestionnaireVersion, Response
from assessments.selectors.proposals import Proposed, earlier_in_organization, own_earlier, proposals_for
from assessments.selectors.questionnaires import OFFERED, definition_of, versions_on_offer
from assessments.selectors.responses import last_answers, participant_by_link, participant_of
from assessments.services.responses import start_participant_response
from assessments.visits import begin, current_response, remember, tried, waiting_responses
from organizations.access import account_of, resolve_member
from organizations.models import Organization


@dataclass
class Way(ABC):
    """One way in; `name` begins the names of its addresses, which all take `arguments`."""

    request: HttpRequest
    name: str
    arguments: tuple[object, ...]
    response: Response | None
    participant: Participant | None = None

    start_template: ClassVar[str]

    def url(self, step: str = "", *arguments: object) -> str:
        """Return the address of a step, that of the start without one."""
        return reverse(f"{self.name}_{step}" if step else self.name, args=[*self.arguments, *arguments])

    @property
    @abstractmethod
    def version_id(self) -> int | None:
        """What is asked, None where there is nothing to ask. At most one query."""

    @property
    @abstractmethod
    def finished_url(self) -> str:
        """Where a submitted response leads."""

    @property
    @abstractmethod
    def is_settled(self) -> bool:
        """Whether the answers no longer change here."""

    @property
    def is_late(self) -> bool:
        """Whether submitted answers count only together with others that come late."""
        return False

    def arrive(self) -> None:  # noqa: B027 - most have nothing to do
        """Get ready for a start, as its page is opened."""

    @abstractmethod
    def begin(self) -> Response:
        """Start a response, or return the one in progress."""

    def last_answers(self) -> dict[str, Answer]:
        """Return what the person answered the last time, by question key, where that is to be shown. One query."""
        return {}

    @abstractmethod
    def proposals(self, definition: Definition) -> dict[str, Proposed]:
        """Return what the person's answers to other questionnaires propose here, by question key.

        At most two queries (and one for each version not yet read).
        """


class OnOnesOwn(Way):
    """The self-assessment at `/try/`, which the browser's session or an account remembers."""

    start_template = "assessments/survey/start.html"
    waiting: Sequence[Response] = ()
    elsewhere: Response | None = None
    """What the browser is at, which may be another questionnaire than the one looked at."""

    @cached_property
    def offered(self) -> list[QuestionnaireVersion]:
        """What can be chosen. One query."""
        return versions_on_offer()

    @property
    def version_id(self) -> int | None:
        if self.response and not self.response.is_submitted:
            return self.response.version_id
        return self.version.pk if self.version else None

    @cached_property
    def version(self) -> QuestionnaireVersion | None:
        """The version that a start begins: of the questionnaire asked for, else of that in progress, else the first."""
        offered = {row.questionnaire.slug: row for row in self.offered}
        asked = self.request.GET.get("questionnaire")
        if asked is not None or not offered:
            return offered.get(asked or "")
        waiting = self.response and not self.response.is_submitted and definition_of(self.response.version_id).slug
        return offered.get(waiting or "") or offered.get(OFFERED) or next(iter(offered.values()))

    @property
    def finished_url(self) -> str:
        assert self.response is not None  # noqa: S101 - one that is submitted
        return self.response.get_absolute_url()

    @property
    def is_settled(self) -> bool:
        return self.response is not None and self.response.is_submitted

    def arrive(self) -> None:
        """Look at the questionnaire that is asked for. Raises Http404 where none is offered by that name."""
        remember(self.request)
        if self.version is None:
            raise Http404
        self.waiting = waiting_responses(self.request)
        slug = self.version.questionnaire.slug
        self.elsewhere = self.response
        submitted = self.response if self.response and self.response.is_submitted else None
        here = (row for row in self.waiting if definition_of(row.version_id).slug == slug)
        self.response = next(here, submitted)

    def begin(self) -> Response:
        assert self.version is not None  # noqa: S101 - `arrive` has looked
        self.response = begin(self.request, self.version)
        return self.response

    def proposals(self, definition: Definition) -> dict[str, Proposed]:
        user, keys = account_of(self.request), tried(self.request)
        waiting = str(self.response.public_id) if self.response and not self.response.is_submitted else None
        if user is None and set(keys) <= {waiting}:
            return {}
        return proposals_for(definition, own_earlier(user, keys))


class InARound(Way):
    """A participant's part in a round; the answers change until it closes, also after they were submitted.

    Those that are part of an anonymous round's shown result do not, as the difference would give them away.
    """

    start_template = "assessments/survey/round_start.html"
    participant: Participant

    @property
    def is_settled(self) -> bool:
        return self.response is not None and self.response.counted_since is not None

    @property
    def is_late(self) -> bool:
        round_ = self.participant.round
        if not round_.anonymous or not round_.revision or self.is_settled:
            return False
        return round_.results.current().filter(team=None, respondents__gte=SMALLEST_GROUP).exists()

    @property
    def organization(self) -> Organization:
        return self.participant.round.organization

    @property
    def version_id(self) -> int:
        return self.participant.round.version_id

    @property
    def finished_url(self) -> str:
        return self.url("done")

    def begin(self) -> Response:
        self.response = self.response or start_participant_response(participant=self.participant)
        return self.response

    def last_answers(self) -> dict[str, Answer]:
        return last_answers(self.participant)

    def proposals(self, definition: Definition) -> dict[str, Proposed]:
        user = account_of(self.request)
        whose = earlier_in_organization(self.participant, user)
        if user is not None and user.pk == self.participant.user_id:
            whose += own_earlier(user, [])
        return proposals_for(definition, whose)


def find_way(request: HttpRequest, *, slug: str = "", round_id: int = 0, token: str = "") -> Way | None:
    """Return the way in that an address stands for, None for a link that is none and for a member who is not asked.

    At most two queries, and those for session and account. Raises Http404 where the person is no member.
    """
    if token:
        return _in_a_round(request, "respond_by_link", (token,), participant_by_link(token))
    if slug:
        participant = participant_of(resolve_member(request, slug), round_id)
        return _in_a_round(request, "respond", (slug, round_id), participant)
    return OnOnesOwn(request, "try", (), current_response(request))


def _in_a_round(
    request: HttpRequest, name: str, arguments: tuple[object, ...], participant: Participant | None
) -> InARound | None:
    if participant is None:
        return None
    return InARound(request, name, arguments, getattr(participant, "response", None), participant)
