"""Who may open what: every address × every role × both organizations. A new address cannot escape: it has no row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from organizations.audit.trail import Action, Selection, find_events, tell
from organizations.models import User
from tests.accounts import reauthenticate
from tests.addresses import OF_A_DRAFT, PARTS_OF_A_DRAFT, Rows, arguments_of, make_rows, names_of
from tests.factories import Cast

ACTORS = ("visitor", "viewer", "member", "facilitator", "owner", "outsider", "staff")
LOG_IN = 302
OUR_MEMBERS = {"viewer": 200, "member": 200, "facilitator": 200, "owner": 200}
EVERYONE = dict.fromkeys(ACTORS, 200)
ONLY_OUR_MEMBERS = {"visitor": LOG_IN, **OUR_MEMBERS, "outsider": 404, "staff": 404}
OUR_FACILITATORS = ONLY_OUR_MEMBERS | {"viewer": 403, "member": 403}
OUR_OWNERS = OUR_FACILITATORS | {"facilitator": 403}
WRITERS_OF_ANY = EVERYONE | {"visitor": LOG_IN, "viewer": 403, "member": 403}
ONLY_THE_MEMBER = dict.fromkeys(ACTORS, 404) | {"visitor": LOG_IN}


def then(status: int, expected: dict[str, int]) -> dict[str, int]:
    """Return what each actor gets where those who may open a page get another status than 200."""
    return {actor: status if code == 200 else code for actor, code in expected.items()}


@dataclass(frozen=True)
class Row:
    """What each actor gets at an address; `team` appends `?team=` with its key, `sure` is after re-authentication."""

    name: str
    method: str
    expected: dict[str, int]
    team: bool = False
    sure: bool = False


MATRIX = [
    Row("healthz", "get", EVERYONE),
    Row("metrics", "get", dict.fromkeys(ACTORS, 404)),
    Row("account", "get", dict.fromkeys(ACTORS, 200) | {"visitor": LOG_IN}),
    Row("own_data", "get", dict.fromkeys(ACTORS, 200) | {"visitor": LOG_IN}),
    Row("download_own_data", "get", dict.fromkeys(ACTORS, LOG_IN)),
    Row("download_own_data", "get", dict.fromkeys(ACTORS, 200) | {"visitor": LOG_IN}, sure=True),
    Row("delete_account", "get", dict.fromkeys(ACTORS, LOG_IN)),
    Row("delete_account", "get", dict.fromkeys(ACTORS, 200) | {"visitor": LOG_IN}, sure=True),
    # All of them have a password, which is asked for instead.
    Row("confirm_by_code", "get", dict.fromkeys(ACTORS, LOG_IN)),
    Row("confirm_by_code", "post", dict.fromkeys(ACTORS, LOG_IN)),
    Row("account_set_password", "get", dict.fromkeys(ACTORS, LOG_IN)),
    Row("account_set_password", "post", dict.fromkeys(ACTORS, LOG_IN)),
    # The owner is the only one, among others.
    Row("delete_account", "post", dict.fromkeys(ACTORS, 422) | {"visitor": LOG_IN, "owner": 409}, sure=True),
    # Without a sign-on provider there is nothing to sign on with.
    Row("sign_on", "post", dict.fromkeys(ACTORS, 404)),
    Row("usersessions_list", "get", dict.fromkeys(ACTORS, 200) | {"visitor": LOG_IN}),
    Row("usersessions_list", "post", dict.fromkeys(ACTORS, LOG_IN)),
    Row("end_session", "post", ONLY_THE_MEMBER | {"member": 302}),
    Row("metrics", "get", dict.fromkeys(ACTORS, 404)),
    Row("home", "get", EVERYONE),
    Row("try", "get", EVERYONE),
    Row("try", "post", dict.fromkeys(ACTORS, 302)),
    # Whoever has no assessment of their own in progress is sent to the start, or told so.
    Row("try_questions", "get", dict.fromkeys(ACTORS, 302)),
    Row("try_questions", "post", dict.fromkeys(ACTORS, 404)),
    Row("try_answer", "post", dict.fromkeys(ACTORS, 404)),
    Row("try_review", "get", dict.fromkeys(ACTORS, 302)),
    Row("try_submit", "get", dict.fromkeys(ACTORS, 302)),
    Row("try_submit", "post", dict.fromkeys(ACTORS, 404)),
    Row("own_result", "get", ONLY_THE_MEMBER | {"member": 200}),
    Row("revise_result", "get", ONLY_THE_MEMBER | {"member": 302}),
    Row("revise_result", "post", ONLY_THE_MEMBER | {"member": 302}),
    Row("discard_result", "get", ONLY_THE_MEMBER | {"member": 200}),
    Row("discard_result", "post", ONLY_THE_MEMBER | {"member": 302}),
    Row("organization", "get", ONLY_OUR_MEMBERS),
    # Staff have no confirmed address here.
    Row("new_organization", "get", EVERYONE | {"visitor": LOG_IN, "staff": 403}),
    Row("new_organization", "post", dict.fromkeys(ACTORS, 422) | {"visitor": LOG_IN, "staff": 403}),
    Row("organization_settings", "get", OUR_OWNERS),
    Row("organization_settings", "post", then(422, OUR_OWNERS)),
    Row("audit", "get", OUR_OWNERS),
    Row("audit_csv", "get", OUR_OWNERS),
    Row("audit_json", "get", OUR_OWNERS),
    Row("teams", "get", ONLY_OUR_MEMBERS),
    Row("teams", "post", then(422, OUR_FACILITATORS)),
    Row("team", "get", OUR_FACILITATORS),
    Row("team", "post", then(422, OUR_FACILITATORS)),
    Row("archive_team", "get", OUR_FACILITATORS),
    Row("archive_team", "post", then(302, OUR_FACILITATORS)),
    Row("restore_team", "post", then(302, OUR_FACILITATORS)),
    Row("members", "get", ONLY_OUR_MEMBERS),
    Row("member", "get", OUR_FACILITATORS),
    # A facilitator's form asks for a team only, which may be none.
    Row("member", "post", then(422, OUR_FACILITATORS) | {"facilitator": 302}),
    Row("remove_member", "get", OUR_OWNERS),
    Row("remove_member", "post", then(302, OUR_OWNERS)),
    Row("transfer_ownership", "get", OUR_OWNERS),
    Row("transfer_ownership", "post", then(302, OUR_OWNERS)),
    Row("leave", "get", ONLY_OUR_MEMBERS),
    Row("leave", "post", then(302, ONLY_OUR_MEMBERS) | {"owner": 409}),
    Row("invitations", "get", OUR_FACILITATORS),
    Row("invitations", "post", then(422, OUR_FACILITATORS)),
    Row("resend_invitation", "post", then(302, OUR_FACILITATORS)),
    Row("revoke_invitation", "get", OUR_FACILITATORS),
    Row("revoke_invitation", "post", then(302, OUR_FACILITATORS)),
    # Whoever has the link reads it; only the account that it is for joins by it.
    Row("invitation", "get", EVERYONE),
    Row("invitation", "post", dict.fromkeys(ACTORS, 403) | {"visitor": LOG_IN, "outsider": 302}),
    # Only who is asked responds: here that is the member.
    Row("respond", "get", ONLY_THE_MEMBER | {"member": 200}),
    Row("respond", "post", {**ONLY_THE_MEMBER, "visitor": 403, "member": 302}),
    Row("respond_questions", "get", ONLY_THE_MEMBER | {"member": 200}),
    Row("respond_questions", "post", {**ONLY_THE_MEMBER, "visitor": 403, "member": 302}),
    Row("respond_answer", "post", {**ONLY_THE_MEMBER, "visitor": 403, "member": 400}),
    Row("respond_review", "get", ONLY_THE_MEMBER | {"member": 200}),
    Row("respond_submit", "get", ONLY_THE_MEMBER | {"member": 302}),
    Row("respond_submit", "post", {**ONLY_THE_MEMBER, "visitor": 403, "member": 422}),
    Row("respond_done", "get", ONLY_THE_MEMBER | {"member": 302}),
    # Whoever has the personal link is the one it was sent to.
    Row("respond_by_link", "get", EVERYONE),
    Row("respond_by_link", "post", then(302, EVERYONE)),
    Row("respond_by_link_questions", "get", EVERYONE),
    Row("respond_by_link_questions", "post", then(302, EVERYONE)),
    Row("respond_by_link_answer", "post", then(400, EVERYONE)),
    Row("respond_by_link_review", "get", EVERYONE),
    Row("respond_by_link_submit", "get", then(302, EVERYONE)),
    Row("respond_by_link_submit", "post", then(422, EVERYONE)),
    Row("respond_by_link_done", "get", then(302, EVERYONE)),
    Row("questionnaires", "get", EVERYONE | {"visitor": LOG_IN}),
    Row("questionnaire_schema", "get", EVERYONE),
    Row("new_questionnaire", "get", WRITERS_OF_ANY),
    Row("new_questionnaire", "post", WRITERS_OF_ANY),
    # An organization's own questionnaire, of which a version is published, one is retired, and one is a draft.
    Row("questionnaire", "get", ONLY_OUR_MEMBERS),
    Row("next_version", "post", then(302, OUR_FACILITATORS)),
    Row("import_questionnaire", "get", OUR_FACILITATORS),
    Row("import_questionnaire", "post", then(422, OUR_FACILITATORS)),
    Row("questionnaire_version", "get", ONLY_OUR_MEMBERS),
    Row("questionnaire_file", "get", ONLY_OUR_MEMBERS),
    Row("try_out", "get", ONLY_OUR_MEMBERS),
    Row("try_out", "post", ONLY_OUR_MEMBERS),
    Row("retire_version", "get", OUR_FACILITATORS),
    Row("retire_version", "post", then(302, OUR_FACILITATORS)),
    Row("offer_version", "post", then(302, OUR_FACILITATORS)),
    Row("publish_version", "get", OUR_FACILITATORS),
    Row("publish_version", "post", then(409, OUR_FACILITATORS)),
    Row("discard_version", "get", OUR_FACILITATORS),
    Row("discard_version", "post", then(302, OUR_FACILITATORS)),
    *(Row(name, "get", OUR_FACILITATORS) for name in OF_A_DRAFT if name != "preview_question"),
    *(Row(name, "post", then(422, OUR_FACILITATORS)) for name in PARTS_OF_A_DRAFT),
    Row("edit_choices", "post", then(302, OUR_FACILITATORS)),
    Row("edit_own_choices", "post", then(302, OUR_FACILITATORS)),
    Row("edit_languages", "post", OUR_FACILITATORS),
    Row("edit_language", "post", then(302, OUR_FACILITATORS)),
    Row("preview_question", "post", OUR_FACILITATORS),
    Row("draft_act", "post", then(400, OUR_FACILITATORS)),
    Row("roadmaps", "get", ONLY_OUR_MEMBERS),
    Row("new_roadmap", "get", OUR_FACILITATORS),
    Row("new_roadmap", "post", then(422, OUR_FACILITATORS)),
    Row("roadmap", "get", ONLY_OUR_MEMBERS),
    Row("edit_roadmap", "get", OUR_FACILITATORS),
    Row("edit_roadmap", "post", then(422, OUR_FACILITATORS)),
    Row("roadmap_board", "get", ONLY_OUR_MEMBERS),
    Row("roadmap_progress", "get", ONLY_OUR_MEMBERS),
    Row("export_roadmap", "get", ONLY_OUR_MEMBERS),
    # A member may, where the item is theirs.
    Row("roadmap_item", "get", OUR_FACILITATORS | {"member": 200}),
    Row("roadmap_item", "post", then(422, OUR_FACILITATORS | {"member": 200})),
    Row("move_roadmap_item", "post", then(302, OUR_FACILITATORS | {"member": 200})),
    Row("delete_roadmap", "get", OUR_FACILITATORS),
    Row("delete_roadmap", "post", then(302, OUR_FACILITATORS)),
    Row("rounds", "get", ONLY_OUR_MEMBERS),
    Row("new_round", "get", OUR_FACILITATORS),
    Row("new_round", "post", then(422, OUR_FACILITATORS)),
    Row("round", "get", ONLY_OUR_MEMBERS),
    # In an open round: drafts are changed, opened and discarded, closed ones opened again.
    Row("edit_round", "post", then(409, OUR_FACILITATORS)),
    Row("open_round", "post", then(409, OUR_FACILITATORS)),
    Row("discard_round", "post", then(409, OUR_FACILITATORS)),
    Row("reopen_round", "post", then(409, OUR_FACILITATORS)),
    Row("add_round_team", "get", then(302, OUR_FACILITATORS)),
    Row("add_round_team", "post", then(302, OUR_FACILITATORS)),
    Row("round_participants", "get", OUR_FACILITATORS),
    Row("round_participants", "post", then(422, OUR_FACILITATORS)),
    Row("remove_participants", "get", OUR_FACILITATORS),
    Row("remove_participants", "post", then(422, OUR_FACILITATORS)),
    Row("remove_participant", "get", OUR_FACILITATORS),
    Row("remove_participant", "post", then(302, OUR_FACILITATORS)),
    Row("extend_round", "get", OUR_FACILITATORS),
    Row("extend_round", "post", then(302, OUR_FACILITATORS)),
    Row("nudge_round", "get", OUR_FACILITATORS),
    Row("nudge_round", "post", then(302, OUR_FACILITATORS)),
    Row("close_round", "get", OUR_FACILITATORS),
    Row("close_round", "post", then(302, OUR_FACILITATORS)),
    Row("compare", "get", ONLY_OUR_MEMBERS),
    Row("compare", "get", ONLY_OUR_MEMBERS, team=True),
    Row("benchmarks", "get", ONLY_OUR_MEMBERS),
    # The cast's members are all in its team.
    Row("technology", "get", ONLY_OUR_MEMBERS),
    Row("technology", "get", ONLY_OUR_MEMBERS, team=True),
    Row("technology", "post", then(302, ONLY_OUR_MEMBERS) | {"viewer": 403}, team=True),
    Row("sharing", "get", OUR_OWNERS),
    Row("sharing", "post", then(422, OUR_OWNERS)),
    # Whoever has the link sees the level.
    Row("badge_image", "get", EVERYONE),
    Row("badges", "get", OUR_OWNERS),
    Row("badges", "post", then(422, OUR_OWNERS)),
    Row("revoke_badge", "get", OUR_OWNERS),
    Row("revoke_badge", "post", then(302, OUR_OWNERS)),
    Row("reminders", "get", OUR_FACILITATORS),
    Row("reminders", "post", then(422, OUR_FACILITATORS)),
    Row("new_schedule", "get", OUR_FACILITATORS),
    Row("new_schedule", "post", then(422, OUR_FACILITATORS)),
    Row("edit_schedule", "get", OUR_FACILITATORS),
    Row("edit_schedule", "post", then(422, OUR_FACILITATORS)),
    *(
        Row(name, "post", then(302, OUR_FACILITATORS))
        for name in ("pause_schedule", "resume_schedule", "skip_date", "test_schedule", "delete_schedule")
    ),
    Row("delete_schedule", "get", OUR_FACILITATORS),
    Row("reminder_hooks", "get", OUR_OWNERS),
    Row("reminder_hooks", "post", then(422, OUR_OWNERS)),
    *(
        Row(name, "post", then(302, OUR_OWNERS))
        for name in ("test_reminder_hook", "enable_reminder_hook", "delete_reminder_hook")
    ),
    Row("delete_reminder_hook", "get", OUR_OWNERS),
    Row("mail_preferences", "get", EVERYONE | {"visitor": LOG_IN}),
    Row("mail_preferences", "post", dict.fromkeys(ACTORS, LOG_IN)),
    # A token that is none; whoever has a true one may end mail.
    Row("unsubscribe", "get", dict.fromkeys(ACTORS, 410)),
    Row("unsubscribe", "post", dict.fromkeys(ACTORS, 410)),
    # The demo's alone.
    Row("demo_outbox", "get", dict.fromkeys(ACTORS, 404)),
    Row("demo_letter", "get", dict.fromkeys(ACTORS, 404)),
    Row("demo_letter_html", "get", dict.fromkeys(ACTORS, 404)),
    Row("export_round", "get", ONLY_OUR_MEMBERS),
    # With a single closed round there is nothing to compare, which the page says.
    Row("export_comparison", "get", then(302, ONLY_OUR_MEMBERS)),
    Row("report", "get", ONLY_OUR_MEMBERS),
    Row("organization_data", "get", OUR_OWNERS),
    Row("organization_export", "get", then(302, OUR_OWNERS)),
    Row("organization_export", "get", OUR_OWNERS, sure=True),
    Row("delete_organization", "get", then(302, OUR_OWNERS)),
    Row("delete_organization", "get", OUR_OWNERS, sure=True),
    Row("delete_organization", "post", then(302, OUR_OWNERS)),
    Row("delete_organization", "post", then(422, OUR_OWNERS), sure=True),
    Row("keep_organization", "post", then(302, OUR_OWNERS)),
    Row("round_result", "get", ONLY_OUR_MEMBERS),
    Row("round_result", "get", ONLY_OUR_MEMBERS, team=True),
    Row("round_notes", "get", ONLY_OUR_MEMBERS),
    Row("round_consensus", "get", OUR_FACILITATORS, team=True),
    # A form that does not say which result it was written for.
    Row("round_consensus", "post", then(409, OUR_FACILITATORS), team=True),
    Row("roadmap_business_case", "get", ONLY_OUR_MEMBERS),
    # Nothing was entered, not even a currency.
    Row("roadmap_business_case", "post", then(422, OUR_FACILITATORS)),
    Row("roadmap_business_case_workbook", "get", ONLY_OUR_MEMBERS),
    Row("roadmap_pdf", "get", ONLY_OUR_MEMBERS),
    Row("roadmap_structure", "get", ONLY_OUR_MEMBERS),
    Row("roadmap_structure", "post", then(302, OUR_FACILITATORS)),
    Row("roadmap_governance", "get", ONLY_OUR_MEMBERS),
    # Members say how far the controls are that they own; the member here owns none.
    Row("roadmap_governance", "post", then(422, OUR_FACILITATORS)),
]
# Answered by whoever watches the site, and slow where no worker runs: tests/mlops_maturity has it.
ELSEWHERE = {"readyz"}


@pytest.fixture
def rows(cast: Cast) -> Rows:
    return make_rows(cast)


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize(
    "row", MATRIX, ids=lambda row: f"{row.method}-{row.name}{'-team' * row.team}{'-sure' * row.sure}"
)
def test_who_may_open_what(
    row: Row,
    actor: str,
    cast: Cast,
    rows: Rows,
    client_of: Callable[[User], Client],
) -> None:
    client = Client() if actor == "visitor" else client_of(getattr(cast, actor))
    if row.sure and actor != "visitor":
        reauthenticate(client)
    url = reverse(row.name, args=arguments_of(rows).get(row.name, []))

    response = getattr(client, row.method)(f"{url}?team={cast.team.pk}" if row.team else url)

    assert response.status_code == row.expected[actor]
    if "attachment" in response.get("Content-Disposition", "") and row.name != "download_own_data":
        assert _downloads(cast) == [getattr(cast, actor).pk], "organizations.audit.downloads.taken() was not called"
    response.close()
    if response.status_code == LOG_IN and actor == "visitor" and not row.name.startswith(("try", "respond_by_link")):
        assert response["Location"].startswith(reverse("account_login"))


def _downloads(cast: Cast) -> list[int]:
    """Return who downloaded something of the cast's organization, by the audit trail."""
    found = find_events(cast.organization, Selection(action=Action.TAKEN))
    return [entry.user_id or 0 for entry in tell(cast.organization, list(found))]


def test_every_address_has_a_row() -> None:
    assert set(names_of()) == {row.name for row in MATRIX} | ELSEWHERE


def test_a_round_is_not_found_under_another_organization(
    cast: Cast, rows: Rows, client_of: Callable[[User], Client]
) -> None:
    url = reverse("round_result", args=[cast.elsewhere.slug, rows.closed_round.pk])

    assert client_of(cast.outsider).get(url).status_code == 404


def test_an_organization_that_does_not_exist_looks_like_one_of_others(
    cast: Cast, client_of: Callable[[User], Client]
) -> None:
    client = client_of(cast.outsider)

    theirs = client.get(reverse("organization", args=[cast.organization.slug]))
    nobodys = client.get(reverse("organization", args=["no-such-organization"]))

    assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content)
