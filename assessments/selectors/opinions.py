"""What people said on each question of a closed round: how answers spread, notes and evidence, what was agreed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from assessments.definition import Dimension, Question
from assessments.models import Answer, Participant
from assessments.models.responses import WITH_A_NOTE, ResponseStatus
from assessments.models.rounds import RoundStatus
from assessments.scoring import QuestionTally, disagreement
from assessments.selectors.results import KeptResult

NOTES_SHOWN = 3
"""So many notes stand beside a question; a page of its own has all of them."""
LOW, HIGH = 1 / 3, 2 / 3
"""Under LOW people mostly agree, from HIGH they do not (docs/scoring.md)."""
IN_ORDER_OF_TEXT = ("note", "evidence_url", "pk")
"""Says nothing about who wrote it or when, other than by name or time."""
IN_ORDER_OF_NAME = ("response__participant__team__name", "response__participant__email")
OF_A_NOTE = ("question_key", "choice_key", "note", "evidence_url")
OF_AN_AUTHOR = (
    *("response__participant__email", "response__participant__team__name"),
    *("response__participant__user__first_name", "response__participant__user__last_name"),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """How often a choice was given."""

    label: str
    count: int
    is_excluded: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a team agreed on, and why."""

    team: str
    choice: str
    rationale: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note or an evidence link; in an anonymous round it has no name, no team and no choice beside it."""

    text: str
    evidence_url: str
    name: str = ""
    team: str = ""
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Notes:
    """Some notes on a question, of so many in all."""

    shown: Sequence[Note] = ()
    count: int = 0

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.shown)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What people said on one question; `disagreement` is 0 to 1, None where there is none to measure."""

    question: Question
    dimension: Dimension
    bars: Sequence[Bar]
    unanswered: int
    disagreement: float | None
    agreements: Sequence[Agreement]
    notes: Notes

    @property
    def people(self) -> int:
        """How many were asked: who answered, and who did not."""
        return sum(bar.count for bar in self.bars) + self.unanswered

    @property
    def strength(self) -> str:
        """How much people disagree: "none", "low", "medium" or "high"; empty where there is nothing to measure."""
        if self.disagreement is None:
            return ""
        if self.disagreement == 0:
            return "none"
        return "low" if self.disagreement < LOW else "medium" if self.disagreement < HIGH else "high"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many people were asked for a result, have submitted by now, and have begun only.

    `late` are those who submitted and are not in it, as they would stand out from an anonymous result shown before.
    """

    asked: int
    submitted: int
    begun: int
    late: int


def opinions_on(kept: KeptResult, results: Sequence[KeptResult], notes: Mapping[str, Notes]) -> list[Opinion]:
    """Return what a result that is shown says on each question, in the questionnaire's order. No query.

    `results` are those of the same revision, whose agreements stand beside the organization's.
    """
    if kept.card is None:
        return []
    agreeing = [kept] if kept.team else [row for row in results if row.team]
    return [_opinion(kept, tally, agreeing, notes.get(tally.key, Notes())) for tally in kept.card.questions]


def most_disputed_first(opinions: Sequence[Opinion]) -> list[Opinion]:
    """Return opinions with the largest disagreement first; equal ones keep their order."""
    return sorted(opinions, key=lambda opinion: -(opinion.disagreement or 0))


def notes_beside(kept: KeptResult) -> dict[str, Notes]:
    """Return, by question key, the first notes on each question that has any. One query, which reads only these."""
    question = F("question_key")
    rows = (
        notes_of(kept)
        .annotate(
            place=Window(RowNumber(), partition_by=question, order_by=_order(kept)),
            of=Window(Count("pk"), partition_by=question),
        )
        .filter(place__lte=NOTES_SHOWN)
        .order_by("question_key", "place")
    )
    found: dict[str, list[Answer]] = {}
    for row in rows:
        found.setdefault(row.question_key, []).append(row)
    return {key: Notes([note_in(kept, row) for row in own], own[0].of) for key, own in found.items()}  # type: ignore[attr-defined]


def notes_of(kept: KeptResult) -> QuerySet[Answer]:
    """Return the answers with a note or evidence link that count in a result, by name; anonymous ones by their text.

    Answers are not kept by revision, and they change while a round is open: only the newest result of a closed round
    has notes. Those of a withheld group are among the organization's only.
    """
    round_ = kept.round
    if kept.card is None or kept.revision != round_.revision or round_.status != RoundStatus.CLOSED:
        return Answer.objects.none()
    # The organization is named of the responses too: else PostgreSQL goes through everybody's to find its own.
    answers = Answer.objects.filter(
        WITH_A_NOTE,
        organization=round_.organization_id,
        response__organization=round_.organization_id,
        response__participant__round=round_,
        response__status=ResponseStatus.SUBMITTED,
    )
    if kept.team_id is not None:
        answers = answers.filter(response__participant__team=kept.team_id)
    if round_.anonymous:
        answers = answers.filter(response__counted_since__lte=kept.revision).only(*OF_A_NOTE)
    else:
        author = "response__participant"
        answers = answers.select_related(f"{author}__user", f"{author}__team").only(*OF_A_NOTE, *OF_AN_AUTHOR)
    return answers.order_by(*_order(kept))


def note_in(kept: KeptResult, answer: Answer) -> Note:
    """Return an answer of `notes_of` as it may be shown."""
    if kept.round.anonymous:
        return Note(answer.note, answer.evidence_url)
    participant = answer.response.participant
    assert participant is not None  # noqa: S101 - those of a round have one
    return Note(
        answer.note,
        answer.evidence_url,
        name=(participant.user.get_full_name() if participant.user else "") or participant.email,
        team="" if kept.team_id else participant.team.name,
        choice=kept.definition.questions[answer.question_key].choice(answer.choice_key).label,
    )


def coverage_of(kept: KeptResult) -> Coverage:
    """Return how many of those who were asked a result speaks for. One query."""
    # Without naming the organization PostgreSQL goes through everybody's responses.
    own = FilteredRelation("response", condition=Q(response__organization=kept.round.organization_id))
    people = Participant.objects.annotate(own=own).filter(round=kept.round)
    if kept.team_id is not None:
        people = people.filter(team=kept.team_id)
    numbers = people.aggregate(
        asked=Count("pk"),
        submitted=Count("pk", filter=Q(own__status=ResponseStatus.SUBMITTED)),
        begun=Count("pk", filter=Q(own__status=ResponseStatus.IN_PROGRESS)),
    )
    return Coverage(**numbers, late=max(numbers["submitted"] - kept.respondents, 0))


def _order(kept: KeptResult) -> tuple[str, ...]:
    return IN_ORDER_OF_TEXT if kept.round.anonymous else IN_ORDER_OF_NAME


def _opinion(kept: KeptResult, tally: QuestionTally, agreeing: Sequence[KeptResult], notes: Notes) -> Opinion:
    question = kept.definition.questions[tally.key]
    return Opinion(
        question=question,
        dimension=kept.definition.dimension_of(tally.key),
        bars=[Bar(choice.label, tally.counts[choice.key], choice.excluded) for choice in question.choices],
        unanswered=tally.unanswered,
        disagreement=disagreement(question, tally),
        agreements=[
            Agreement(row.team or "", question.choice(agreed.choice).label, agreed.rationale)
            for row in agreeing
            if (agreed := row.consensus.get(tally.key))
        ],
        notes=notes,
    )
