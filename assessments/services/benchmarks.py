"""What changes benchmarks: a team's tools, sharing an organization's scores, the quarter's snapshot, published sets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction

from assessments.benchmarks import cut_points, groups_to_tell
from assessments.comparison import Quarter
from assessments.models import BenchmarkSharing, BenchmarkSnapshot, PublishedBenchmark, TeamTool
from assessments.models.rounds import quarter_days
from assessments.selectors.benchmarks import Shared, shared_scores
from organizations.models import Organization, Team, User


@transaction.atomic
def save_tools(*, team: Team, names: Iterable[str]) -> None:
    """Keep which tools a team uses, in place of what was kept; of names that differ by case only the first counts."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(name.casefold(), name)
    kept = {tool.name: tool.pk for tool in TeamTool.objects.filter(team=team)}
    gone = kept.keys() - wanted.values()
    TeamTool.objects.filter(pk__in=[kept[name] for name in gone]).delete()
    TeamTool.objects.bulk_create(
        TeamTool(organization_id=team.organization_id, team=team, name=name)
        for name in wanted.values()
        if name not in kept
    )


def share_scores(*, organization: Organization, size: str, user: User) -> None:
    """Let the organization's latest scores count in the benchmark from the next snapshot on, or say another size."""
    BenchmarkSharing.objects.update_or_create(
        organization=organization, defaults={"size": size}, create_defaults={"size": size, "agreed_by": user}
    )


def stop_sharing(*, organization: Organization) -> None:
    """Let the organization's scores count no more; it no longer sees the others' either."""
    BenchmarkSharing.objects.filter(organization=organization).delete()


@transaction.atomic
def take_snapshots(*, today: dt.date) -> int:
    """Keep where those who share stand in this quarter, once for each questionnaire version; return how many rows.

    None for a version that fewer than ten have scores of. Later in the quarter those who come and go change nothing:
    what they share would be the difference between two snapshots.
    """
    # One at a time: two workers must not tell of different organizations in one quarter.
    list(BenchmarkSharing.objects.select_for_update().order_by("pk").values_list("pk"))
    starts_on, _ends_on = quarter_days(*Quarter.of(today))
    told = set(BenchmarkSnapshot.objects.filter(starts_on=starts_on).values_list("questionnaire", "version"))
    rows = [
        _snapshot(starts_on, version, size, shared)
        for version, everyone in shared_scores().items()
        if version not in told
        for size, shared in _by_size(everyone).items()
    ]
    return sum(rows)


def _by_size(everyone: Collection[Shared]) -> dict[str, list[Shared]]:
    """Return the organizations of each size of which something may be told, and all of them under ""."""
    by_size: dict[str, list[Shared]] = {}
    for shared in everyone:
        by_size.setdefault(shared.sharing.size, []).append(shared)
    sizes = groups_to_tell({size: len(rows) for size, rows in by_size.items()})
    return {"": list(everyone)} | {size: by_size[size] for size in sorted(sizes)}


def _snapshot(starts_on: dt.date, version: tuple[str, int], size: str, everyone: Collection[Shared]) -> bool:
    """Keep a snapshot; return False where too few have an overall score."""
    found = {
        key: cut_points([score for shared in everyone if (score := shared.scores.get(key)) is not None])
        for key in {key for shared in everyone for key in shared.scores}
    }
    if found.get("") is None:
        return False
    snapshot = BenchmarkSnapshot.objects.create(
        questionnaire=version[0],
        version=version[1],
        starts_on=starts_on,
        size=size,
        cut_points={key: [str(float(point)) for point in points] for key, points in found.items() if points},
    )
    snapshot.shared_by.set(shared.sharing for shared in everyone)
    return True


def import_published(*, data: Mapping[str, Any]) -> PublishedBenchmark:
    """Keep a valid benchmark file's mapping, in place of the set that has the same key; return it."""
    published, _is_new = PublishedBenchmark.objects.update_or_create(
        slug=data["slug"],
        defaults={"title": data["title"], "questionnaire": data["questionnaire"], "document": dict(data)},
    )
    return published


def remove_published(*, slug: str) -> None:
    """Delete a published set. Raises PublishedBenchmark.DoesNotExist."""
    PublishedBenchmark.objects.get(slug=slug).delete()
