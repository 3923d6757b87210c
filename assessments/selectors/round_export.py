"""What people take away of a closed round, so complete that its score cards can be computed anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any

from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from assessments import scoring
from assessments.anonymity import unlinked
from assessments.definition import Definition
from assessments.exports import Cell, Document, Table
from assessments.models import QuestionnaireVersion, Response, Round
from assessments.models.rounds import RoundStatus
from assessments.scoring import Answers
from assessments.selectors.closing import ObjectAgg
from assessments.selectors.opinions import note_in, notes_of
from assessments.selectors.results import KeptResult, kept_results

WHOLE = ""
"""The team of what is about the whole organization."""


def round_document(round_: Round, *, with_answers: bool) -> Document:
    """Return what may be taken away of a round that has closed: its newest results, with or without single answers.

    Up to three queries, of which those of answers and notes are made when their tables are read. An anonymous round's
    answers are sorted in each dimension on their own and have neither names nor teams that are withheld.
    """
    kept = kept_results([round_])
    whole = kept[0]
    own = _answers(whole, kept) if with_answers and is_settled(round_) else []
    tables = [
        Table("about", ("item", "value"), _about(whole, has_answers=bool(own), with_answers=with_answers)),
        Table("scores", _SCORES, chain.from_iterable(map(_scores, kept))),
        Table("confidence", ("team", "level", "share"), _confidence(kept)),
        *own,
        Table("counts", ("team", "question", "choice", "people"), chain.from_iterable(map(_counts, kept))),
        Table("consensus", ("team", "question", "choice", "rationale"), _consensus(kept)),
        *definition_tables(whole.definition),
    ]
    return Document(f"{round_.organization.slug}-{slugify(round_.period)}", tables, _details(round_, kept))


def is_settled(round_: Round) -> bool:
    """Whether the answers now in the database are those of the newest results: nobody can change them."""
    return round_.status == RoundStatus.CLOSED


def definition_tables(definition: Definition) -> list[Table]:
    """Return what was asked and how it is scored; numbers are exact."""
    return [
        Table(
            "questions",
            ("question", "dimension", "kind", "level", "weight", "text"),
            (
                (question.key, dimension.key, question.kind, question.level, number(question.weight), question.text)
                for dimension in definition.dimensions
                for question in dimension.questions
            ),
        ),
        Table(
            "choices",
            ("question", "choice", "label", "value", "excluded"),
            (
                (question.key, choice.key, choice.label, number(choice.value), choice.excluded)
                for question in definition.questions.values()
                for choice in question.choices
            ),
        ),
        Table(
            "dimensions",
            ("dimension", "title", "weight"),
            ((row.key, row.title, number(row.weight)) for row in definition.dimensions),
        ),
        Table(
            "levels",
            ("level", "name", "min_score", "exclusive"),
            ((level.number, level.name, number(level.min_score), level.exclusive) for level in definition.levels),
        ),
    ]


def number(value: Fraction | None) -> int | float | None:
    """Return an exact number as files write it: whole where it is."""
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)


def rounded(value: Fraction | float | None) -> float | None:
    """Return a score as files write it, to four places."""
    return None if value is None else round(float(value), 4)


def _about(whole: KeptResult, *, has_answers: bool, with_answers: bool) -> Iterator[Sequence[Cell]]:
    round_, definition = whole.round, whole.definition
    yield "organization", round_.organization.name
    yield "period", round_.period
    yield "starts_on", round_.starts_on.isoformat()
    yield "ends_on", round_.ends_on.isoformat()
    yield "closed_at", round_.closed_at.isoformat() if round_.closed_at else None
    yield "revision", whole.revision
    yield "questionnaire", definition.slug
    yield "version", round_.version.number
    yield "title", definition.title
    yield "source", definition.source.title
    yield "licence", definition.source.licence
    yield "method", definition.scoring.method
    yield "combine", definition.scoring.combine
    yield "top_score", number(definition.scoring.max)
    yield "aggregate", round_.aggregate
    yield "anonymous", round_.anonymous
    yield "respondents", whole.respondents if whole.card else None
    yield "withheld", _("A score is withheld where it would give away what fewer than three people answered.")
    if not with_answers:
        yield "answers", _("Left out: facilitators and owners take single answers away.")
    elif not has_answers:
        yield "answers", _("Left out: the round is open again, and its answers are no longer those of this result.")
    elif round_.anonymous:
        yield (
            "answers",
            _(
                "The round is anonymous: no row is one person, as answers are sorted in each dimension on their own."
                " Teams that are withheld stand together without their names."
            ),
        )


_SCORES = (
    *("team", "dimension", "title", "score", "spread", "lowest", "highest", "respondents", "level", "level_name"),
    "withheld",
)


def _scores(row: KeptResult) -> Iterator[Sequence[Cell]]:
    """Yield the overall score, of which the dimension is empty, and each dimension's."""
    team, card = row.team or WHOLE, row.card
    if card is None:
        yield team, "", _("Overall"), *[None] * 7, True
        return
    level = (card.level.number, card.level.name) if card.level else (None, None)
    yield team, "", _("Overall"), rounded(card.overall), None, None, None, card.respondents, *level, False
    for part in card.dimensions:
        scores = map(rounded, (part.score, part.spread, part.minimum, part.maximum))
        yield team, part.key, part.title, *scores, part.respondents, None, None, False


def _confidence(kept: Sequence[KeptResult]) -> Iterator[Sequence[Cell]]:
    for row in kept:
        for level, share in row.confidence.items():
            yield row.team or WHOLE, level, share


def _counts(row: KeptResult) -> Iterator[Sequence[Cell]]:
    for tally in row.card.questions if row.card else ():
        for choice, people in tally.counts.items():
            yield row.team or WHOLE, tally.key, choice, people


def _consensus(kept: Sequence[KeptResult]) -> Iterator[Sequence[Cell]]:
    for row in kept:
        for question, agreed in row.consensus.items():
            yield row.team or WHOLE, question, agreed.choice, agreed.rationale


def _details(round_: Round, kept: Sequence[KeptResult]) -> Mapping[str, object]:
    """Return the exact score cards, and the definition as the questionnaire's file has it."""
    definition = QuestionnaireVersion.objects.values_list("definition", flat=True).get(pk=round_.version_id)
    return {
        "results": [
            {"team": row.team, "revision": row.revision, "card": scoring.to_mapping(row.card)}
            for row in kept
            if row.card is not None
        ],
        "definition": definition,
    }


def _answers(whole: KeptResult, kept: Sequence[KeptResult]) -> list[Table]:
    if whole.round.anonymous:
        return _without_names(whole, kept)
    return _with_names(whole)


def _with_names(whole: KeptResult) -> list[Table]:
    keys = list(whole.definition.questions)

    def answers() -> Iterator[Sequence[Cell]]:
        rows = _responses(whole, "team__name", "email", "user__first_name", "user__last_name")
        for place, (team, email, first, last, given) in enumerate(rows, start=1):
            name = f"{first or ''} {last or ''}".strip()
            yield place, team, name, email, *map((given or {}).get, keys)

    def notes() -> Iterator[Sequence[Cell]]:
        for answer in notes_of(whole).iterator():
            note = note_in(whole, answer)
            email = answer.response.participant.email if answer.response.participant else ""
            yield note.team, email, answer.question_key, answer.choice_key, note.text, note.evidence_url

    return [
        Table("answers", ("respondent", "team", "name", "email", *keys), answers()),
        Table("notes", ("team", "email", "question", "choice", "note", "evidence_url"), notes()),
    ]


def _without_names(whole: KeptResult, kept: Sequence[KeptResult]) -> list[Table]:
    """Return what was said, of which nothing is linked to anything of the same person."""
    keys = list(whole.definition.questions)
    dimensions = [[question.key for question in dimension.questions] for dimension in whole.definition.dimensions]

    def answers() -> Iterator[Sequence[Cell]]:
        place = 0
        for team, given in _by_shown_team(whole, kept).items():
            for row in unlinked(dimensions, given):
                place += 1
                yield place, team, *map(row.get, keys)

    def notes() -> Iterator[Sequence[Cell]]:
        for answer in notes_of(whole).iterator():
            note = note_in(whole, answer)
            yield answer.question_key, note.text, note.evidence_url

    return [
        Table("answers", ("respondent", "team", *keys), answers()),
        Table("notes", ("question", "note", "evidence_url"), notes()),
    ]


def _by_shown_team(whole: KeptResult, kept: Sequence[KeptResult]) -> dict[str, list[Answers]]:
    """Return responses by the name of their team, those of withheld teams together; nothing where all is withheld."""
    if whole.card is None:
        return {}
    names = {row.team_id: row.team or WHOLE for row in kept if row.card is not None}
    teams: defaultdict[str, list[Answers]] = defaultdict(list)
    for team_id, given in _responses(whole, "team_id"):
        teams[names.get(team_id, WHOLE)].append(given or {})
    return dict(sorted(teams.items()))


def _responses(whole: KeptResult, *fields: str) -> Iterator[tuple[Any, ...]]:
    """Yield such fields of the participants, in their order, and the choices of each response that a result counts."""
    names = [f"participant__{field}" for field in fields]
    responses = Response.objects.submitted_in(whole.round)
    if whole.round.anonymous:
        responses = responses.filter(counted_since__lte=whole.revision)
    given = ObjectAgg("answers__question_key", "answers__choice_key", filter=Q(answers__choice_key__gt=""))
    return responses.annotate(given=given).order_by(*names).values_list(*names, "given").iterator()
