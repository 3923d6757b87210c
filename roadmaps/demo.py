"""The demo organization's roadmap: planned half a year ago, partly done, and measured since."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from assessments.demo import build, story
from assessments.models import Result, Round
from assessments.models.rounds import RoundStatus
from assessments.selectors.results import kept_results
from organizations.models import Member, Organization
from roadmaps.demo_case import enter_demo_figures
from roadmaps.models import ItemStatus, Roadmap
from roadmaps.planning import IN_PLACE
from roadmaps.plans import Resources, cheapest_plan, default_target
from roadmaps.schedule import lay_out
from roadmaps.selectors.outlooks import outlook_of
from roadmaps.selectors.roadmaps import exact, month_after
from roadmaps.services import roadmaps as service

FROM_ROUND, MONTHS, CAPACITY = 1, 6, 8
OWNERS = (story.MEMBER.name, story.FACILITATOR.name, "Priya Raman", "Daniel Richter", "Hannah Schulz")
TICKETS = "https://tickets.example.com/mlops/"


def make_demo_roadmap() -> Roadmap:
    """Make it from the second closed quarter, with done what the last one has in place."""
    organization = Organization.objects.get(slug=build.SLUG)
    rounds = list(Round.objects.filter(organization=organization, status=RoundStatus.CLOSED).order_by("starts_on"))
    begun, last = (
        next(row for row in kept_results([round_]) if row.team is None) for round_ in (rounds[FROM_ROUND], rounds[-1])
    )
    outlook = outlook_of(begun)
    target = default_target(outlook.definition, outlook.current)
    cheapest = cheapest_plan(outlook, target)
    assert cheapest is not None  # noqa: S101 - the shipped questionnaire's every level can be reached
    resources = Resources(MONTHS, exact(CAPACITY))
    plan = lay_out(outlook, cheapest.steps, target, resources)
    starts_on = month_after(begun.round.starts_on, 3)
    assert target.level is not None  # noqa: S101 - as above
    members = {member.user.get_full_name(): member for member in Member.objects.filter(organization=organization)}
    roadmap = service.keep_roadmap(
        organization=organization,
        result=Result.objects.get(pk=begun.pk),
        user=members[story.FACILITATOR.name].user,
        draft=service.Draft(
            title=f"Half a year to level {target.level.number}",
            target_level=target.level.number,
            dimension_targets={},
            starts_on=starts_on,
            months=MONTHS,
            capacity=Decimal(CAPACITY),
            steps=[(planned.step.key, planned.step.effort) for planned in plan.steps],
            due={one.step.key: month_after(starts_on, one.end) - dt.timedelta(days=1) for one in plan.steps},
        ),
    )
    assert last.card is not None  # noqa: S101 - the demo's rounds are not anonymous
    means = {tally.key: tally.mean for tally in last.card.questions}
    for number, item in enumerate(roadmap.items.all()):
        mean = means[item.question_key]
        is_done = mean is not None and mean >= IN_PLACE
        item.status = ItemStatus.DONE if is_done else ItemStatus.IN_PROGRESS if mean else ItemStatus.PLANNED
        item.done_on = item.due_on if is_done else None
        item.owner = members[OWNERS[number % len(OWNERS)]]
        item.ticket_url = f"{TICKETS}{210 + 3 * number}" if number % 2 == 0 else ""
        item.save()
    enter_demo_figures(roadmap, members[story.FACILITATOR.name], members[OWNERS[-1]])
    return roadmap
