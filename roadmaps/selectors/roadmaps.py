"""What a roadmap's pages show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, floor
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from assessments.definition import Definition, Dimension, Guidance, Level, Question
from assessments.selectors.results import KeptResult
from organizations.models import Organization
from roadmaps import wording
from roadmaps.models import Item, ItemStatus, Roadmap
from roadmaps.planning import IN_PLACE
from roadmaps.plans import Resources, Target
from roadmaps.schedule import Blocked, Phase, Plan, PlannedStep, lay_out
from roadmaps.selectors.outlooks import CannotPlan, kept_result, next_result, outlook_of
from roadmaps.steps import Outlook, Standing, Step, StepKey

PARTS_OF_A_MONTH = 4


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as pages show it, with the item that follows it up, if any. `planned` is None where it is in no plan.

    `before` names what comes directly before it in the plan, `lacking` what would have to and is not there.
    """

    question: Question
    dimension: Dimension
    step: Step
    planned: PlannedStep | None
    item: Item | None
    title: str
    name: str
    why: str
    before: str
    lacking: str
    starts_on: dt.date | None
    ends_on: dt.date | None

    @property
    def key(self) -> str:
        """The step's key as one text, for forms."""
        return key_text(self.step.key)

    @property
    def guidance(self) -> Guidance | None:
        return self.question.guidance

    @property
    def is_overdue(self) -> bool:
        return is_overdue(self.item)


def key_text(key: StepKey) -> str:
    return "@".join(filter(None, key))


def text_key(text: str) -> StepKey:
    question, _at, rung = text.partition("@")
    return question, rung


def is_overdue(item: Item | None) -> bool:
    return bool(item and item.is_open and item.due_on and item.due_on < timezone.localdate())


def month_after(start: dt.date, months: Fraction | int) -> dt.date:
    """Return the day that lies so many months after another one; a part of a month is one of 30 days."""
    whole = floor(months)
    year, month = divmod(start.month - 1 + whole, 12)
    last = (dt.date(start.year + year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    day = dt.date(start.year + year, month + 1, min(start.day, last))
    return day + dt.timedelta(days=floor((months - whole) * 30))


@dataclass(frozen=True)
class PlanView:
    """A plan with all that tells about it; `wishes` are the items by step."""

    outlook: Outlook
    plan: Plan
    starts_on: dt.date
    items: Mapping[StepKey, Item]

    @cached_property
    def definition(self) -> Definition:
        return self.outlook.definition

    @cached_property
    def shown(self) -> Definition:
        """The definition in the reader's language."""
        return self.definition.in_locale(get_language() or self.definition.locale)

    def row(self, step: Step, planned: PlannedStep | None = None, blocked: Blocked | None = None) -> StepRow:
        question = self.shown.questions[step.question]
        return StepRow(
            question=question,
            dimension=self.shown.dimension(step.dimension),
            step=step,
            planned=planned,
            item=self.items.get(step.key),
            title=wording.title_of(question, step.rung),
            name=wording.name_of(question),
            why=wording.why(self.shown, self.plan, planned, self.outlook.mean(step)) if planned else "",
            before=wording.names(self.shown, planned.requires) if planned else "",
            lacking=wording.names(self.shown, blocked.lacking) if blocked else "",
            starts_on=month_after(self.starts_on, planned.start) if planned else None,
            ends_on=month_after(self.starts_on, planned.end) - dt.timedelta(days=1) if planned else None,
        )

    @cached_property
    def rows(self) -> list[StepRow]:
        """The steps in their order."""
        return [self.row(planned.step, planned) for planned in self.plan.steps]

    @cached_property
    def blocked(self) -> list[StepRow]:
        return [self.row(one.step, blocked=one) for one in self.plan.blocked]

    @cached_property
    def others(self) -> list[StepRow]:
        """The steps that are not in the plan."""
        chosen = {row.step.key for row in (*self.rows, *self.blocked)}
        return [self.row(step) for key, step in self.outlook.steps.items() if key not in chosen]

    @cached_property
    def phases(self) -> list[PhaseRow]:
        by_key = {row.step.key: row for row in self.rows}
        return [
            PhaseRow(
                phase=phase,
                rows=[by_key[planned.step.key] for planned in phase.steps],
                starts_on=month_after(self.starts_on, phase.first - 1),
                ends_on=month_after(self.starts_on, phase.last) - dt.timedelta(days=1),
                is_beyond=phase.first > self.plan.resources.months,
                level=self.level(phase.after),
            )
            for phase in self.plan.phases
        ]

    def level(self, standing: Standing) -> Level | None:
        return next((level for level in self.shown.levels if level.number == standing.level), None)

    @property
    def current_level(self) -> Level | None:
        return self.level(self.plan.current)

    @property
    def projected_level(self) -> Level | None:
        return self.level(self.plan.projected)

    @property
    def in_time_level(self) -> Level | None:
        return self.level(self.plan.in_time)

    @property
    def missed(self) -> str:
        """What of the target is not reached, in words; empty where all is."""
        return wording.missed_in_words(self.shown, self.plan.missed)

    @property
    def shortfall(self) -> str:
        return "" if self.plan.fits else wording.shortfall(self.plan)

    @property
    def target_in_words(self) -> str:
        return target_in_words(self.shown, self.plan.target)

    @property
    def scores(self) -> list[tuple[Dimension, Fraction | None, Fraction | None]]:
        """Each dimension with its score now and then."""
        before, after = self.plan.current.scores, self.plan.projected.scores
        return [(one, before[one.key], after[one.key]) for one in self.shown.dimensions]

    @property
    def chart(self) -> dict[str, Any]:
        """What the radar draws: now and planned."""
        scored = [row for row in self.scores if row[1] is not None]
        now = [round(float(before or 0), 4) for _one, before, _after in scored]
        return {
            "top": float(self.definition.scoring.max),
            "names": [dimension.title for dimension, _before, _after in scored],
            "target": {"name": _("Now"), "scores": now},
            "name": _("Planned"),
            "scores": [round(float(after or 0), 4) for _one, _before, after in scored],
        }

    @property
    def months(self) -> list[dt.date]:
        """The first days of the months on the timeline."""
        last = max(self.plan.resources.months, self.plan.months_needed)
        return [month_after(self.starts_on, month) for month in range(last)]

    @property
    def timeline(self) -> list[TimelineRow]:
        """The steps on the timeline, by parts of a month."""
        whole = len(self.months) * PARTS_OF_A_MONTH
        rows = []
        for row in self.rows:
            assert row.planned is not None  # noqa: S101 - it is in the plan
            begin = min(floor(row.planned.start * PARTS_OF_A_MONTH), whole - 1)
            end = max(ceil(row.planned.end * PARTS_OF_A_MONTH), begin + 1)
            rows.append(TimelineRow(row, begin, end - begin, whole - end))
        return rows

    @property
    def parts_of_a_month(self) -> int:
        return PARTS_OF_A_MONTH


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A step on the timeline: how many parts of a month are before it, in it and after it."""

    row: StepRow
    before: int
    length: int
    after: int


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A phase with its days, and how far its items are."""

    phase: Phase
    rows: Sequence[StepRow]
    starts_on: dt.date
    ends_on: dt.date
    is_beyond: bool
    level: Level | None

    @property
    def done(self) -> int:
        return sum(1 for row in self.rows if row.item and row.item.status == ItemStatus.DONE)


def target_in_words(definition: Definition, target: Target) -> str:
    """Say what a roadmap is to reach."""
    parts = []
    if target.level:
        parts.append(_("level %(number)d, %(name)s") % {"number": target.level.number, "name": target.level.name})
    parts += [
        _("level %(number)d in %(dimension)s") % {"number": level.number, "dimension": definition.dimension(key).title}
        for key, level in target.dimensions.items()
    ]
    return "; ".join(parts)


def roadmaps_of(organization: Organization) -> QuerySet[Roadmap]:
    """Return an organization's roadmaps with their progress and what is overdue. One query."""
    late = Q(items__status__in=[ItemStatus.PLANNED, ItemStatus.IN_PROGRESS], items__due_on__lt=timezone.localdate())
    return (
        Roadmap.objects.filter(organization=organization)
        .with_progress()
        .annotate(overdue=Count("items", filter=late))
        .select_related("result__round", "result__team")
        .defer("result__card")
    )


def roadmap_of(organization: Organization, roadmap_id: int) -> Roadmap:
    """Return a roadmap of an organization. One query. Raises Http404."""
    found = get_object_or_404(roadmaps_of(organization), pk=roadmap_id)
    found.organization = organization
    return found


def target_of(definition: Definition, roadmap: Roadmap) -> Target:
    """Return what a roadmap is to reach; what the questionnaire has not is left out."""
    levels = {level.number: level for level in definition.levels}
    known = {dimension.key for dimension in definition.dimensions}
    return Target(
        levels.get(roadmap.target_level if roadmap.target_level is not None else -1),
        {key: levels[n] for key, n in roadmap.dimension_targets.items() if key in known and n in levels},
    )


def exact(number: Any) -> Fraction:
    """Return a decimal as the fraction that it is."""
    return Fraction(str(number))


@dataclass(frozen=True)
class RoadmapPage:
    """A kept roadmap with its plan as it stands; no plan where its result's answers have changed."""

    roadmap: Roadmap
    kept: KeptResult
    items: Sequence[Item]
    view: PlanView | None
    measured: KeptResult | None

    @property
    def open_items(self) -> list[Item]:
        return [item for item in self.items if item.is_open]

    @property
    def dropped(self) -> list[BoardCard]:
        return [BoardCard(item, self.question(item)) for item in self.items if item.status == ItemStatus.DROPPED]

    @property
    def done(self) -> int:
        return sum(1 for item in self.items if item.status == ItemStatus.DONE)

    @property
    def planned(self) -> int:
        return sum(1 for item in self.items if item.status != ItemStatus.DROPPED)

    @property
    def overdue(self) -> int:
        return sum(1 for item in self.items if is_overdue(item))

    @cached_property
    def shown(self) -> Definition:
        return self.kept.definition.in_locale(get_language() or self.kept.definition.locale)

    def question(self, item: Item) -> Question:
        return self.shown.questions[item.question_key]

    @property
    def board(self) -> list[tuple[ItemStatus, list[BoardCard]]]:
        """Each status with its items."""
        cards = [BoardCard(item, self.question(item)) for item in self.items]
        return [(status, [card for card in cards if card.item.status == status]) for status in ItemStatus]


@dataclass(frozen=True, slots=True)
class BoardCard:
    item: Item
    question: Question

    @property
    def title(self) -> str:
        return wording.title_of(self.question, self.item.choice_key)

    @property
    def name(self) -> str:
        return wording.name_of(self.question)

    @property
    def is_overdue(self) -> bool:
        return is_overdue(self.item)


def roadmap_page(roadmap: Roadmap) -> RoadmapPage:
    """Return what a roadmap's pages show. Six queries, two more where the answers are needed."""
    kept = kept_result(roadmap.organization, roadmap.result_id)
    assert kept is not None  # noqa: S101 - the database keeps it
    items = list(roadmap.items.select_related("owner__user"))
    return RoadmapPage(roadmap, kept, items, _view_of(roadmap, kept, items), next_result(kept))


def planned_ends(roadmap: Roadmap) -> dict[StepKey, dt.date]:
    """Return the days on which a roadmap's steps end by its plan; none where its answers have changed. Six queries."""
    view = roadmap_page(roadmap).view
    return {row.step.key: row.ends_on for row in view.rows if row.ends_on} if view else {}


def _view_of(roadmap: Roadmap, kept: KeptResult, items: Iterable[Item]) -> PlanView | None:
    by_key = {item.key: item for item in items}
    try:
        outlook = outlook_of(kept, {key: exact(item.effort_weeks) for key, item in by_key.items()})
    except CannotPlan:
        return None
    steps = [key for key, item in by_key.items() if item.status != ItemStatus.DROPPED and key in outlook.steps]
    plan = lay_out(
        outlook,
        steps,
        target_of(kept.definition, roadmap),
        Resources(roadmap.months, exact(roadmap.capacity)),
        order=steps,
        done=[key for key in steps if by_key[key].status == ItemStatus.DONE],
    )
    return PlanView(outlook, plan, roadmap.starts_on, by_key)


@dataclass(frozen=True, slots=True)
class MeasuredItem:
    """A done item and what the next round said of its practice: the mean of its answers then and now (0 to 1).

    `now` is None where the newer questionnaire does not ask it, or nobody's answer counts.
    """

    card: BoardCard
    before: Fraction | None
    now: Fraction | None

    @property
    def is_in_place(self) -> bool:
        return self.now is not None and self.now >= IN_PLACE


@dataclass(frozen=True, slots=True)
class Measured:
    """What the newest round after a roadmap's result says of it."""

    result: KeptResult
    items: Sequence[MeasuredItem]
    rows: Sequence[tuple[str, Fraction | None, Fraction | None, Fraction | None, Fraction | None]]
    """The whole, then each dimension: score before, projected with what is done, with all of the plan, measured."""

    @property
    def in_place(self) -> int:
        return sum(1 for item in self.items if item.is_in_place)


def measured(page: RoadmapPage) -> Measured | None:
    """Return how the items that are done show in the newest round since; None before there is one. No query."""
    newest, view = page.measured, page.view
    if newest is None or newest.card is None or view is None:
        return None
    done = [item for item in page.items if item.status == ItemStatus.DONE]
    standing = view.outlook.standing([item.key for item in done if item.key in view.outlook.steps])
    then = {tally.key: tally.mean for tally in view.outlook.card.questions}
    now = {tally.key: tally.mean for tally in newest.card.questions}
    top = newest.definition.scoring.max
    return Measured(
        result=newest,
        items=[
            MeasuredItem(
                BoardCard(item, page.question(item)),
                _share(page.question(item), then.get(item.question_key), top),
                _share(page.question(item), now.get(item.question_key), top),
            )
            for item in done
        ],
        rows=[
            (
                _("Overall"),
                view.plan.current.overall,
                standing.overall,
                view.plan.projected.overall,
                newest.card.overall,
            ),
            *(
                (
                    dimension.title,
                    view.plan.current.scores[dimension.key],
                    standing.scores[dimension.key],
                    view.plan.projected.scores[dimension.key],
                    newest.card.scores.get(dimension.key),
                )
                for dimension in view.shown.dimensions
            ),
        ],
    )


def _share(question: Question, mean: Fraction | None, top: Fraction) -> Fraction | None:
    return mean if mean is None or question.kind == "practice" else mean / top
