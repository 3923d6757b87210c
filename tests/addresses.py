"""Every address of our own, and rows to fill its arguments with: what walks over all pages shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django.urls import URLPattern, URLResolver, get_resolver

from assessments.models import (
    Badge,
    Participant,
    Questionnaire,
    ReminderHook,
    ReminderSchedule,
    Response,
    Round,
)
from assessments.services.questionnaires import retire_version
from assessments.services.rounds import close_round
from organizations.models import Invitation, Member, Organization, Role
from organizations.selectors import hash_of
from organizations.services.invitations import invite
from roadmaps.models import Item, Roadmap
from tests.factories import (
    Cast,
    make_participant,
    make_response,
    make_roadmap,
    make_round,
    make_schedule,
    make_version,
)

TOKEN = "a-token-of-an-invitation"

PARTS_OF_A_DRAFT = ("edit_settings", "edit_level", "edit_dimension_settings", "edit_question")
OF_A_DRAFT = (
    *PARTS_OF_A_DRAFT,
    "edit_draft",
    "draft_problems",
    "edit_choices",
    "edit_levels",
    "edit_dimension",
    "edit_own_choices",
    "preview_question",
    "edit_languages",
    "edit_language",
)
OF_A_VERSION = {
    "questionnaire_version": 1,
    "questionnaire_file": 1,
    "try_out": 1,
    "retire_version": 1,
    "offer_version": 2,
    **dict.fromkeys(("publish_version", "discard_version", "draft_act", *OF_A_DRAFT), 3),
}
KEYS_IN_A_DRAFT: dict[str, list[Any]] = {
    "edit_level": [2],
    "edit_dimension": ["governance"],
    "edit_dimension_settings": ["governance"],
    "edit_question": ["governance.lineage"],
    "edit_own_choices": ["governance.lineage"],
    "preview_question": ["governance.lineage"],
    "edit_language": ["de"],
}

STEPS: dict[str, list[str]] = {
    "": [],
    "_questions": ["governance"],
    "_answer": [],
    "_review": [],
    "_submit": [],
    "_done": [],
}
OF_A_ROUND = (
    "round",
    "edit_round",
    "add_round_team",
    "round_participants",
    "open_round",
    "close_round",
    "reopen_round",
    "extend_round",
    "nudge_round",
    "discard_round",
)
OF_A_CASE = (
    "roadmap_business_case",
    "roadmap_business_case_workbook",
    "roadmap_pdf",
    "roadmap_structure",
    "roadmap_governance",
)


@dataclass
class Rows:
    """One row of everything that addresses name, all of it the cast's organization's or its member's.

    `own` is a questionnaire whose version 1 is published, 2 retired, and 3 a draft with a language; `asked` is in an
    open round and has, as the invitation and the badge have, a link that ends in `TOKEN`.
    """

    cast: Cast
    kept: Response
    closed_round: Round
    asked: Participant
    invitation: Invitation
    own: Questionnaire
    session: UserSession
    badge: Badge
    schedule: ReminderSchedule
    hook: ReminderHook
    roadmap: Roadmap
    item: Item
    viewer: Member


def make_rows(cast: Cast) -> Rows:
    """Make them for a cast that has nothing yet."""
    organization, version = cast.organization, make_version()
    closed_round = make_round(organization, version=version, teams=[cast.team])
    make_response(participant=make_participant(closed_round, user=cast.member))
    close_round(round_=closed_round)
    asked = make_participant(make_round(organization, version=version, teams=[cast.team]), user=cast.member)
    make_response({}, participant=asked, submitted=False)
    Participant.objects.filter(pk=asked.pk).update(token_hash=hash_of(TOKEN))
    roadmap = make_roadmap(closed_round.results.get(team=None), owner=organization.members.get(user=cast.member))
    return Rows(
        cast=cast,
        kept=make_response(user=cast.member, version=version),
        closed_round=closed_round,
        asked=asked,
        invitation=_invitation(cast),
        own=_questionnaire(organization),
        session=UserSession.objects.create(user=cast.member, ip="127.0.0.1", session_key="elsewhere"),
        badge=Badge.objects.create(organization=organization, token=TOKEN),
        schedule=make_schedule(organization),
        hook=ReminderHook.objects.create(organization=organization, url="https://hooks.example/1"),
        roadmap=roadmap,
        item=roadmap.items.get(position=1),
        viewer=organization.members.get(role=Role.VIEWER),
    )


def _invitation(cast: Cast) -> Invitation:
    """Invite the outsider to the cast's organization."""
    [made] = invite(
        organization=cast.organization,
        emails=[cast.outsider.email],
        role=Role.MEMBER,
        team=None,
        invited_by=cast.owner,
    )
    Invitation.objects.update(token_hash=hash_of(TOKEN))
    return made


def _questionnaire(organization: Organization) -> Questionnaire:
    published = make_version(organization=organization)
    retired = make_version(published.definition | {"title": "Second"}, organization=organization)
    retire_version(version=retired)
    make_version(published.definition | {"translations": {"de": {}}}, organization=organization, published=False)
    return published.questionnaire


def arguments_of(rows: Rows) -> dict[str, list[Any]]:
    """Return the arguments of each address by its name; one that takes none is left out."""
    slug = rows.cast.organization.slug
    return {
        "end_session": [rows.session.pk],
        **{name: [rows.own.pk] for name in ("questionnaire", "next_version", "import_questionnaire")},
        **{name: [rows.own.pk, number, *KEYS_IN_A_DRAFT.get(name, [])] for name, number in OF_A_VERSION.items()},
        "sign_on": ["sign-on"],
        "try_questions": ["governance"],
        "own_result": [rows.kept.public_id],
        "revise_result": [rows.kept.public_id],
        "discard_result": [rows.kept.public_id],
        "organization": [slug],
        "compare": [slug],
        "benchmarks": [slug],
        "technology": [slug],
        "sharing": [slug],
        "organization_settings": [slug],
        **{name: [slug] for name in ("audit", "audit_csv", "audit_json")},
        **{
            name: [slug]
            for name in ("organization_data", "organization_export", "delete_organization", "keep_organization")
        },
        "teams": [slug],
        **{name: [slug, rows.cast.team.pk] for name in ("team", "archive_team", "restore_team")},
        "members": [slug],
        **{name: [slug, rows.viewer.pk] for name in ("member", "remove_member", "transfer_ownership")},
        "leave": [slug],
        "invitations": [slug],
        **{name: [slug, rows.invitation.pk] for name in ("resend_invitation", "revoke_invitation")},
        "invitation": [TOKEN],
        **{f"respond{step}": [slug, rows.asked.round_id, *arguments] for step, arguments in STEPS.items()},
        **{f"respond_by_link{step}": [TOKEN, *arguments] for step, arguments in STEPS.items()},
        **{name: [slug] for name in ("roadmaps", "new_roadmap")},
        **{name: [slug, rows.roadmap.pk] for name in ("roadmap", "edit_roadmap", "roadmap_board", "roadmap_progress")},
        "delete_roadmap": [slug, rows.roadmap.pk],
        "export_roadmap": [slug, rows.roadmap.pk, "csv"],
        **{name: [slug, rows.roadmap.pk, rows.item.pk] for name in ("roadmap_item", "move_roadmap_item")},
        "rounds": [slug],
        "new_round": [slug],
        **{name: [slug, rows.asked.round_id] for name in OF_A_ROUND},
        "remove_participant": [slug, rows.asked.round_id, rows.asked.pk],
        "remove_participants": [slug, rows.asked.round_id],
        "badge_image": [TOKEN],
        "badges": [slug],
        "revoke_badge": [slug, rows.badge.pk],
        "reminders": [slug],
        "new_schedule": [slug],
        **{
            name: [slug, rows.schedule.pk]
            for name in (
                *("edit_schedule", "pause_schedule", "resume_schedule", "skip_date"),
                *("test_schedule", "delete_schedule"),
            )
        },
        "reminder_hooks": [slug],
        **{
            name: [slug, rows.hook.pk]
            for name in ("test_reminder_hook", "enable_reminder_hook", "delete_reminder_hook")
        },
        "unsubscribe": [TOKEN],
        **{name: ["some.log", 0] for name in ("demo_letter", "demo_letter_html")},
        "export_round": [slug, rows.closed_round.pk, "csv"],
        "export_comparison": [slug, "csv"],
        "report": [slug, rows.closed_round.pk],
        "round_result": [slug, rows.closed_round.pk],
        "round_notes": [slug, rows.closed_round.pk, "governance.lineage"],
        "round_consensus": [slug, rows.closed_round.pk],
        **{name: [slug, rows.roadmap.pk] for name in OF_A_CASE},
    }


def names_of(patterns: list[URLPattern | URLResolver] | None = None) -> Iterator[str]:
    """Yield the names of our own addresses; those of Django's admin and of allauth are theirs to guard."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            assert pattern.name, pattern
            yield pattern.name
        elif str(pattern.pattern) not in {"admin/", "accounts/"}:
            yield from names_of(pattern.url_patterns)
