"""Everything that is one person's, as one JSON document (docs/exports.md); secrets are never in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession

from assessments.models import (
    Answer,
    BenchmarkSharing,
    Consensus,
    Participant,
    QuestionnaireVersion,
    Reminder,
    Response,
    Subscription,
)
from organizations.models import Invitation, Member, User

FORMAT = "mlops-maturity-user"
VERSION = 1

Contribution: TypeAlias = Callable[[User], Mapping[str, Any]]

_contributions: dict[str, Contribution] = {}


def register_person(name: str, contribution: Contribution) -> None:
    """Add what an app knows of a person to their document; called in the app's `ready`."""
    _contributions[name] = contribution


def user_document(user: User) -> dict[str, Any]:
    """Return all that is a person's, moments as datetimes. Thirteen queries and those of apps, whatever there is."""
    tried = list(Response.objects.tried_by(user).select_related("version__questionnaire"))
    asked = list(
        Participant.objects.of(user)
        .select_related("organization", "team", "round__version__questionnaire", "response")
        .order_by("round__starts_on", "pk")
    )
    given = [participant.response for participant in asked if hasattr(participant, "response")]
    answers = _answers([*tried, *given])
    return {
        "format": FORMAT,
        "version": VERSION,
        "profile": {
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "joined_at": user.date_joined,
            "last_login_at": user.last_login,
            "has_password": user.has_usable_password(),
        },
        **_signing_in(user),
        **_organizations(user),
        **_mail(user),
        "self_assessments": [
            {**_version(response.version), **_response(response, answers[response.pk])} for response in tried
        ],
        "participations": [_participation(participant, answers) for participant in asked],
        **_decided(user),
        **{key: value for write in _contributions.values() for key, value in write(user).items()},
    }


def _decided(user: User) -> dict[str, Any]:
    """Return what the person wrote down or agreed to for organizations. Two queries."""
    consensus = Consensus.objects.filter(recorded_by=user).select_related("organization", "team", "round")
    sharing = BenchmarkSharing.objects.filter(agreed_by=user).select_related("organization")
    return {
        "consensus_recorded": [
            {
                "organization": row.organization.name,
                "team": row.team.name,
                "starts_on": row.round.starts_on,
                "question": row.question_key,
                "choice": row.choice_key,
                "rationale": row.rationale,
                "recorded_at": row.recorded_at,
            }
            for row in consensus.order_by("round__starts_on", "pk")
        ],
        "scores_shared": [
            {"organization": row.organization.name, "size": row.size, "agreed_at": row.since}
            for row in sharing.order_by("organization__name", "pk")
        ],
    }


def _signing_in(user: User) -> dict[str, Any]:
    return {
        "email_addresses": [
            {"email": address.email, "main": address.primary, "confirmed": address.verified}
            for address in EmailAddress.objects.filter(user=user).order_by("email")
        ],
        "sign_in_methods": [
            {
                "kind": method.type,
                "name": method.data.get("name", "") if method.type == Authenticator.Type.WEBAUTHN else "",
                "created_at": method.created_at,
                "last_used_at": method.last_used_at,
            }
            for method in Authenticator.objects.filter(user=user).order_by("pk")
        ],
        "sign_on_accounts": [
            {
                "provider": account.provider,
                "key": account.uid,
                "told_by_provider": account.extra_data,
                "joined_at": account.date_joined,
                "last_login_at": account.last_login,
            }
            for account in SocialAccount.objects.filter(user=user).order_by("pk")
        ],
        "sessions": [
            {
                "ip": session.ip,
                "browser": session.user_agent,
                "began_at": session.created_at,
                "last_seen_at": session.last_seen_at,
            }
            for session in UserSession.objects.filter(user=user).order_by("pk")
        ],
    }


def _organizations(user: User) -> dict[str, Any]:
    memberships = Member.objects.filter(user=user).select_related("organization", "team")
    invitations = Invitation.objects.filter(invited_by=user).select_related("organization", "team")
    return {
        "memberships": [
            {
                "organization": member.organization.name,
                "role": member.role,
                "team": member.team.name if member.team else None,
                "joined_at": member.joined_at,
            }
            for member in memberships.order_by("organization__name", "pk")
        ],
        "invitations_sent": [
            {
                "organization": invitation.organization.name,
                "email": invitation.email,
                "role": invitation.role,
                "team": invitation.team.name if invitation.team else None,
                "expires_at": invitation.expires_at,
            }
            for invitation in invitations.order_by("organization__name", "email")
        ],
    }


def _mail(user: User) -> dict[str, Any]:
    """Return which mail the person wants, and which reminders they got. Two queries."""
    return {
        "mail_preferences": [
            {
                "organization": row.organization.name,
                "reminders": row.reminders,
                "nudges": row.nudges,
                "language": row.language,
                "came_back": row.bounces,
            }
            for row in Subscription.objects.filter(user=user).select_related("organization").order_by("pk")
        ],
        "reminders": [
            {
                "organization": row.organization.name,
                "on": row.on,
                "days_before": row.days_before,
                "fate": row.state,
                "sent_at": row.sent_at,
            }
            for row in Reminder.objects.filter(user=user).select_related("organization").order_by("pk")
        ],
    }


def _answers(responses: list[Response]) -> Mapping[int, dict[str, Any]]:
    """Return the answers of each response by question. One query."""
    found: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for answer in Answer.objects.filter(response__in=responses).order_by("question_key"):
        found[answer.response_id][answer.question_key] = {
            "choice": answer.choice_key,
            "note": answer.note,
            "evidence_url": answer.evidence_url,
            "changed_at": answer.updated_at,
        }
    return found


def _participation(participant: Participant, answers: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    response = getattr(participant, "response", None)
    return {
        "organization": participant.organization.name,
        "team": participant.team.name,
        "email": participant.email,
        **_version(participant.round.version),
        "starts_on": participant.round.starts_on,
        "ends_on": participant.round.ends_on,
        "anonymous": participant.round.anonymous,
        "response": _response(response, answers[response.pk]) if response else None,
    }


def _version(version: QuestionnaireVersion) -> dict[str, Any]:
    return {"questionnaire": version.questionnaire.slug, "questionnaire_version": version.number}


def _response(response: Response, answers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "status": response.status,
        "started_at": response.created_at,
        "changed_at": response.updated_at,
        "submitted_at": response.submitted_at,
        "answers": answers,
    }
