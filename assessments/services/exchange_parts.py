"""What assessments add to an organization's document beside rounds: tools, badges, and whether scores are shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assessments.exchange.findings import Finding, known_member, known_team, moment, twice
from assessments.exchange.parts import Known, Made, Names, Part
from assessments.exchange.text import moment_text, without_empty
from assessments.models import Badge, BenchmarkSharing, TeamTool
from assessments.models.benchmarks import SizeBand
from assessments.services.exchange_rounds import create_with
from organizations.models import Organization


def _write_tools(organization: Organization, names: Names) -> dict[str, list[str]]:
    """Return the tools of each team that uses any. One query."""
    tools: dict[str, list[str]] = {}
    for team, name in TeamTool.objects.filter(organization=organization).values_list("team_id", "name"):
        tools.setdefault(names.teams[team], []).append(name)
    return {team: sorted(own) for team, own in sorted(tools.items())}


def _check_tools(tools: Mapping[str, list[str]], core: Known) -> Iterator[Finding]:
    for team, own in tools.items():
        yield from known_team((team,), team, core.teams)
        yield from twice([((team, n), name.lower()) for n, name in enumerate(own)])


def _read_tools(tools: Mapping[str, list[str]], made: Made) -> None:
    TeamTool.objects.bulk_create(
        TeamTool(organization=made.organization, team=made.teams[team], name=name)
        for team, own in tools.items()
        for name in own
    )


def _write_badges(organization: Organization, names: Names) -> list[dict[str, Any]]:
    """Return of what there are badges, never their links. One query."""
    badges = Badge.objects.filter(organization=organization).order_by("team__name")
    return [without_empty({"team": names.teams.get(badge.team_id or 0)}) for badge in badges]


def _check_badges(badges: list[dict[str, Any]], core: Known) -> Iterator[Finding]:
    yield from twice([((n,), badge.get("team")) for n, badge in enumerate(badges)])
    for n, badge in enumerate(badges):
        yield from known_team((n, "team"), badge.get("team"), core.teams)


def _read_badges(badges: list[dict[str, Any]], made: Made) -> None:
    Badge.objects.bulk_create(
        Badge(organization=made.organization, team=made.teams.get(badge.get("team", ""))) for badge in badges
    )


def _write_sharing(organization: Organization, names: Names) -> dict[str, Any]:
    """Return since when and under which size the organization shares its scores, if it does. One query."""
    sharing = BenchmarkSharing.objects.filter(organization=organization).first()
    if sharing is None:
        return {}
    return without_empty(
        {
            "size": sharing.size,
            "agreed_by": names.members.get(sharing.agreed_by_id or 0),
            "agreed_at": moment_text(sharing.since),
        }
    )


def _check_sharing(sharing: Mapping[str, Any], core: Known) -> Iterator[Finding]:
    yield from known_member(("agreed_by",), sharing.get("agreed_by"), core.members)


def _read_sharing(sharing: Mapping[str, Any], made: Made) -> None:
    row = BenchmarkSharing(
        organization=made.organization,
        size=sharing["size"],
        agreed_by=made.users.get(sharing.get("agreed_by", "")),
        since=moment(sharing["agreed_at"]),
    )
    create_with([row], "since")


TOOLS = Part(
    key="tools",
    models=(TeamTool,),
    schema={
        "type": "object",
        "additionalProperties": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": TeamTool.NAME_LENGTH},
        },
    },
    write=_write_tools,
    check=_check_tools,
    read=_read_tools,
)
BADGES = Part(
    key="badges",
    models=(Badge,),
    schema={
        "type": "array",
        "items": {"type": "object", "additionalProperties": False, "properties": {"team": {"$ref": "#/$defs/name"}}},
    },
    write=_write_badges,
    check=_check_badges,
    read=_read_badges,
)
BENCHMARK_SHARING = Part(
    key="benchmark_sharing",
    models=(BenchmarkSharing,),
    schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["size", "agreed_at"],
        "properties": {
            "size": {"enum": SizeBand.values},
            "agreed_by": {"$ref": "#/$defs/email"},
            "agreed_at": {"$ref": "#/$defs/moment"},
        },
    },
    write=_write_sharing,
    check=_check_sharing,
    read=_read_sharing,
)
PARTS = (TOOLS, BADGES, BENCHMARK_SHARING)
