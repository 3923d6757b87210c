"""An organization's document: what is in it, what must not be, and that an import gives the same organization."""

from __future__ import annotations

import copy
import datetime as dt
import json
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pgtrigger
import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from assessments.exchange.reading import DocumentError, read_document
from assessments.exchange.snapshots import in_file
from assessments.exchange.writing import organization_document
from assessments.models import Answer, Badge, Participant, QuestionnaireVersion, Response
from assessments.selectors.questionnaires import definition_of
from assessments.services.benchmarks import save_tools, share_scores
from assessments.services.exchange import import_organization
from assessments.services.rounds import close_round, record_consensus, reopen_round
from organizations.models import Member, Organization, Role, User
from organizations.services.organizations import SlugTaken
from tests import factories
from tests.accounts import code_in_mail

pytestmark = pytest.mark.django_db

QUERIES = 24


def exported(organization: Organization) -> dict[str, Any]:
    document: dict[str, Any] = json.loads("".join(organization_document(organization)))
    return document


def imported(document: dict[str, Any], slug: str = "") -> Organization:
    return import_organization(document=read_document(json.dumps(document).encode()), slug=slug)


def make_world(slug: str = "acme") -> Organization:
    """Make an organization with something of everything that its document can hold."""
    organization = factories.make_organization("Acme Ümlaut", slug=slug, time_zone="Europe/Berlin")
    teams = {name: factories.make_team(organization, name) for name in ("Alpha", "beta", "Gamma", "Tiny")}
    factories.make_team(organization, "Gone", archived_at=timezone.now())
    ada = factories.make_user(f"ada@{slug}.example", first_name="Ada", last_name="Lovelace")
    owner = factories.make_member(organization, ada, role=Role.OWNER, team=teams["Alpha"])
    factories.make_member(organization, factories.make_user(f"bob@{slug}.example"), role=Role.VIEWER)
    factories.make_invitation(
        organization, f"new@{slug}.example", invited_by=ada, team=teams["beta"], token_hash=f"hash-of-{slug}"
    )
    own = factories.make_version(
        factories.shipped_definition() | {"slug": "ours", "title": "Ours"}, organization=organization
    )
    factories.make_version(own.definition | {"title": "Ours, next"}, organization=organization, published=False)
    named = factories.make_round(
        organization, version=own, teams=[teams["Alpha"]], quarter=(2025, 4), show_last_answers=True
    )
    response = factories.make_response(participant=factories.make_participant(named, user=ada))
    response.answers.filter(question_key="governance.lineage").update(
        note="See “wiki” 😀", evidence_url="https://wiki.example/x"
    )
    left = factories.make_user(f"private-address@{slug}.example")
    factories.make_response(
        "no", participant=factories.make_participant(named, user=left, email=f"left@{slug}.example")
    )
    factories.make_participant(named, email=f"silent@{slug}.example")
    named.participants.update(invited_at=timezone.now(), nudged_at=timezone.now(), token_hash=None)
    named.participants.filter(user=ada).update(token_hash=f"link-of-{slug}")
    close_round(round_=named)
    record_consensus(
        round_=named, team=teams["Alpha"], agreed={"governance.lineage": ("not_sure", "Nobody found it.")}, user=ada
    )
    opened = factories.make_round(
        organization,
        teams=[teams["beta"]],
        quarter=(2026, 2),
        aggregate="median",
        previous=named,
        closes_at=timezone.now() + dt.timedelta(days=9),
    )
    factories.make_response(
        {"governance.lineage": "yes"}, participant=factories.make_participant(opened, user=owner.user), submitted=False
    )
    planned = timezone.now() + dt.timedelta(days=70)
    factories.make_round(
        organization,
        quarter=(2026, 4),
        teams=[],
        status="draft",
        opened_at=None,
        opens_at=planned,
        closes_at=planned + dt.timedelta(days=14),
    )
    make_anonymous(organization, {teams["Alpha"]: 4, teams["beta"]: 3, teams["Tiny"]: 2, teams["Gamma"]: 0})
    make_anonymous(organization, {teams["Tiny"]: 2}, quarter=(2026, 1))
    make_anonymous(organization, {teams["Alpha"]: 3}, quarter=(2026, 2), closed=False)
    make_joined_late(organization, teams["Alpha"])
    save_tools(team=teams["Alpha"], names=["MLflow", "dbt"])
    share_scores(organization=organization, size="11-50", user=ada)
    for team in (None, teams["beta"]):
        Badge.objects.create(organization=organization, team=team)
    return organization


def answer_anonymously(round_: Any, team: Any, count: int, answers: str = "") -> None:
    """Have people of a team answer in an anonymous round, each with a note, the first one otherwise than the others."""
    for number in range(count):
        participant = factories.make_participant(round_, team=team, email=f"secret{uuid4().hex}@{team.pk}.example")
        response = factories.make_response(answers or ("no" if number else "yes"), participant=participant)
        response.answers.filter(question_key="monitoring.drift_detection").update(note=f"by {number} of {team.name}")


def make_anonymous(organization: Organization, responses: dict[Any, int], *, closed: bool = True, **fields: Any) -> Any:
    """Make an anonymous round in which each team has so many responses, and one person is silent."""
    round_ = factories.make_round(organization, teams=list(responses), anonymous=True, **fields)
    for team, count in responses.items():
        factories.make_participant(round_, team=team)
        answer_anonymously(round_, team, count)
    if closed:
        close_round(round_=round_)
    return round_


def make_joined_late(organization: Organization, team: Any) -> Any:
    """Make an anonymous round that closed twice, three having joined, and is open again with one who waits."""
    round_ = make_anonymous(organization, {team: 3}, quarter=(2025, 3))
    reopen_round(round_=round_)
    answer_anonymously(round_, team, 3, "not_sure")
    close_round(round_=round_)
    reopen_round(round_=round_)
    answer_anonymously(round_, team, 1)
    return round_


@pytest.fixture
def world() -> Organization:
    return make_world()


@pytest.fixture(scope="module")
def exported_once(django_db_setup: None, django_db_blocker: Any) -> dict[str, Any]:
    """The document of the world, of which nothing is left in the database."""
    with django_db_blocker.unblock(), transaction.atomic():
        document = exported(make_world())
        transaction.set_rollback(True)
    return document


def test_an_import_gives_the_same_organization(world: Organization) -> None:
    before = exported(world)
    copied = imported(before, "copy")
    after = exported(copied)
    assert copied.slug == "copy"
    assert after == before | {"organization": before["organization"] | {"slug": "copy"}}
    assert list(after) == list(before)
    assert exported(world) == before


def test_an_import_into_an_emptied_database_gives_the_same_document(world: Organization) -> None:
    before = exported(world)
    world.delete()
    User.objects.all().delete()
    Response.objects.all().delete()
    with pgtrigger.ignore("assessments.QuestionnaireVersion:keep_published_version"):
        QuestionnaireVersion.objects.all().delete()
        connection.check_constraints()
    connection.check_constraints()
    assert exported(imported(before)) == before
    assert QuestionnaireVersion.objects.filter(organization=None).get().status == "published"


def test_what_is_imported_is_where_it_belongs(world: Organization) -> None:
    copied = imported(exported(world), "copy")
    kept = [
        sorted(
            Answer.objects.filter(organization=organization, response__participant__round__anonymous=False).values_list(
                "response__participant__email", "question_key", "choice_key", "note", "evidence_url"
            )
        )
        for organization in (world, copied)
    ]
    assert kept[0] == kept[1] != []
    assert copied.rounds.get(starts_on="2025-10-01").results.current().get(team=None).level is not None
    assert not copied.invitations.exclude(token_hash=None).exists()
    assert set(
        Participant.objects.filter(organization=copied).exclude(user=None).values_list("user__email", flat=True)
    ) == {"ada@acme.example"}


def test_nothing_secret_is_in_it(world: Organization) -> None:
    text = "".join(organization_document(world))
    assert "private-address" not in text
    secrets = [f"{kind}-of-acme" for kind in ("hash", "link")] + list(world.badges.values_list("token", flat=True))
    for secret in (*secrets, '"id"', "password", "token", str(Response.objects.filter(organization=world).first())):
        assert secret not in text


def test_a_person_can_be_sent_the_link_again_where_the_round_now_is(world: Organization) -> None:
    copied = imported(exported(world), "copy")
    assert not Participant.objects.filter(organization=copied).exclude(token_hash=None).exists()
    assert not Participant.objects.to_invite().filter(organization=copied, round__anonymous=False, user=None).exists()
    badges = {badge.team.name if badge.team else None: badge.token for badge in copied.badges.all()}
    assert badges.keys() == {None, "beta"}
    assert not set(badges.values()) & set(world.badges.values_list("token", flat=True))


def anonymous_rounds(organization: Organization) -> dict[str, Any]:
    return {round_["starts_on"]: round_ for round_ in exported(organization)["rounds"] if round_["anonymous"]}


def test_anonymous_rounds_stay_anonymous(world: Organization) -> None:
    rounds = anonymous_rounds(world)
    closed = rounds["2026-07-01"]
    assert "secret" not in json.dumps(closed)
    assert "participants" not in closed
    # Tiny has two; and as the whole is known, the smallest of the others has to be hidden too.
    assert sorted(row.get("team", "–") for row in closed["responses"]) == ["Alpha"] * 4 + ["–"] * 5
    assert {row.get("team"): row.get("withheld", False) for row in closed["results"]} == {
        None: False, "Alpha": False, "Gamma": False, "Tiny": True, "beta": True,
    }  # fmt: skip
    assert all(("card" in row) != ("withheld" in row) for row in closed["results"])
    assert closed["asked"] == {"Alpha": 5, "Gamma": 1, "Tiny": 3, "beta": 4}
    assert closed["answered"] == {"Alpha": 4, "beta": 3}  # of Gamma's one it would be known who, and Tiny hides that


def test_remarks_stand_beside_no_choice_and_of_small_teams_beside_no_team(world: Organization) -> None:
    remarks = anonymous_rounds(world)["2026-07-01"]["remarks"]
    assert {key for remark in remarks for key in remark} == {"team", "question", "note"}
    assert sorted((remark.get("team", "–"), remark["note"][:4]) for remark in remarks) == sorted(
        [("Alpha", f"by {n}") for n in range(4)] + [("–", f"by {n}") for n in (0, 1, 2, 0, 1)]
    )


def test_no_row_of_an_anonymous_round_is_one_person(world: Organization) -> None:
    """Answers are sorted in each dimension on their own: one known answer leads to no other of that person."""
    team = world.teams.get(name="Alpha")
    round_ = factories.make_round(world, teams=[team], anonymous=True, quarter=(2024, 1))
    questions = definition_of(round_.version_id).questions
    first, second = "data_management.", "governance."
    for high in (first, second, second):
        answers = {key: "yes" if key.startswith(high) else "no" for key in questions}
        factories.make_response(answers, participant=factories.make_participant(round_))
    close_round(round_=round_)
    rows = [row["answers"] for row in anonymous_rounds(world)["2024-01-01"]["responses"]]
    kinds = sorted({(row[f"{first}versioning"], row[f"{second}lineage"]) for row in rows})
    assert kinds == [("no", "no"), ("no", "yes"), ("yes", "yes")]  # nobody said yes to both


def test_of_an_anonymous_round_of_two_nothing_is_told(world: Organization) -> None:
    tiny = anonymous_rounds(world)["2026-01-01"]
    assert (tiny["asked"], tiny["answered"], tiny["responses"], tiny["remarks"]) == ({"Tiny": 3}, {"Tiny": 0}, [], [])
    assert [row["withheld"] for row in tiny["results"]] == [True, True]


def test_an_open_anonymous_round_gives_no_answer_away(world: Organization) -> None:
    """Else two exports would show what was answered in between; who is asked stands on the round's page too."""
    opened = anonymous_rounds(world)["2026-04-01"]
    assert len(opened["participants"]) == 4
    assert all(set(person) == {"email", "team"} for person in opened["participants"])
    assert not opened.keys() & {"asked", "answered", "responses", "remarks"}
    Participant.objects.filter(round__anonymous=True, round__organization=world).update(nudged_at=timezone.now())
    assert anonymous_rounds(world)["2026-04-01"] == opened, "only those are reminded who have not answered"


def test_an_open_anonymous_round_tells_what_was_shown_before_and_nothing_since(world: Organization) -> None:
    again = anonymous_rounds(world)["2025-07-01"]
    assert again["asked"] == {"Alpha": 8}
    assert again["answered"] == {"Alpha": 6}
    assert [row["since"] for row in again["responses"]].count(2) == 3
    assert {row["revision"] for row in again["results"]} == {1, 2}


def test_an_imported_anonymous_round_closes_as_the_original_would(world: Organization) -> None:
    """The late one still waits for two more, and what is withheld stays so."""
    for organization in (world, imported(exported(world), "copy")):
        round_ = organization.rounds.get(starts_on="2025-07-01")
        before = round_.results.get(team=None, revision=2)
        close_round(round_=round_)
        after = round_.results.get(team=None, revision=3)
        assert after.card == before.card
        closed = organization.rounds.get(starts_on="2026-07-01")
        reopen_round(round_=closed)
        answer_anonymously(closed, organization.teams.get(name="Alpha"), 3)
        close_round(round_=closed)
        whole = closed.results.get(team=None, revision=2)
        assert (whole.respondents, whole.level) == (12, 1)
        assert set(closed.results.filter(revision=2, withheld=True).values_list("team__name", flat=True)) == {
            "beta", "Tiny",
        }  # fmt: skip


def test_nobody_writes_to_who_is_no_address(world: Organization) -> None:
    copied = imported(exported(world), "copy")
    unknown = Participant.objects.filter(organization=copied, email__startswith="anonymous-", round__status="open")
    assert unknown.exists()
    assert not (Participant.objects.to_invite() & unknown).exists()
    unknown.update(invited_at=timezone.now())
    assert not (Participant.objects.to_nudge() & unknown).exists()


def test_it_takes_as_many_queries_whatever_it_holds(
    world: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for organization in (world, factories.make_organization()):
        with django_assert_num_queries(QUERIES):
            exported(organization)


@pytest.mark.django_db(transaction=True)
def test_a_file_is_read_from_one_snapshot() -> None:
    organization = factories.make_organization("Before")
    with in_file(organization_document(organization)) as file:
        assert json.load(file)["organization"]["name"] == "Before"
    with pytest.raises(Exception, match="read-only"):
        in_file(str(factories.make_organization()) for _n in range(1))


# Accounts of an import


def test_members_without_an_account_get_one_and_log_in_by_code(world: Organization, client: Client) -> None:
    document = exported(world)
    User.objects.filter(email="bob@acme.example").delete()
    imported(document, "copy")
    bob = User.objects.get(email="bob@acme.example")
    assert not bob.has_usable_password()
    client.post(reverse("account_request_login_code"), {"email": bob.email})
    client.post(reverse("account_confirm_login_code"), {"code": code_in_mail()})
    assert client.get(reverse("organization", args=["copy"])).status_code == 200


def test_accounts_that_are_there_join_as_they_are(world: Organization) -> None:
    document = exported(world)
    document["members"][0]["first_name"] = "Mallory"
    imported(document, "copy")
    ada = User.objects.get(email="ada@acme.example")
    assert (ada.first_name, ada.has_usable_password()) == ("Ada", True)
    assert Member.objects.filter(user=ada).count() == 2


def test_who_only_claimed_an_address_does_not_get_in_by_their_password(world: Organization) -> None:
    document = exported(world)
    ada = User.objects.get(email="ada@acme.example")
    EmailAddress.objects.filter(user=ada).update(verified=False)
    imported(document, "copy")
    ada.refresh_from_db()
    assert not ada.has_usable_password()


# Versions of an import


def test_a_version_that_is_not_here_is_kept_without_being_offered(world: Organization) -> None:
    document = exported(world)
    document["shared_versions"][0]["definition"]["title"] = "As it was elsewhere"
    copied = imported(document, "copy")
    made = QuestionnaireVersion.objects.get(definition__title="As it was elsewhere")
    assert (made.organization, made.number, made.status) == (None, 2, "retired")
    assert copied.rounds.filter(version=made).count() == 6
    assert QuestionnaireVersion.objects.published().newest_of("mlops-maturity") != made


def test_a_taken_address_is_refused(world: Organization) -> None:
    with pytest.raises(SlugTaken):
        imported(exported(world))
    assert Organization.objects.count() == 1


# What is refused

DROP = object()


def change(document: Any, path: str, value: Any) -> None:
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    for step in steps:
        document = document[step]
    if value is DROP:
        del document[last]
    elif last == "+":
        document.append(value)
    else:
        document[last] = value


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("format", "something-else", "$.format"),
        ("version", 1, "$.version"),
        ("rounds", DROP, "$.rounds: is missing"),
        ("extra", 1, "$.extra: does not belong here"),
        ("organization/slug", "No Slug", "$.organization.slug"),
        ("organization/slug", "new", "$.organization.slug"),
        ("organization/name", "", "$.organization.name: is empty"),
        ("organization/time_zone", "Europe/Atlantis", "$.organization.time_zone"),
        ("organization/language", "tlh", "$.organization.language"),
        ("organization/created_at", "yesterday", "$.organization.created_at"),
        ("organization/created_at", "2026-01-01T00:00:00", "$.organization.created_at"),
        ("organization/name", "a\x00b", "$.organization.name: has a character"),
        ("organization/name", "a\ud800b", "$.organization.name: has a character"),
        ("teams/0/name", "x" * 101, "$.teams[0].name: is longer than 100"),
        ("teams/+", {"name": "ALPHA"}, "$.teams[5].name: is there twice"),
        ("members/0/role", "king", "$.members[0].role"),
        ("members/0/email", "nobody", "$.members[0].email"),
        ("members/0/email", "Ada@acme.example", "$.members[0].email"),
        ("members/0/role", "viewer", "$.members: an organization with members needs an owner"),
        ("members/0/team", "Delta", "$.members[0].team: is no team"),
        ("members/1/email", "ada@acme.example", "$.members[1].email: is there twice"),
        ("invitations/0/invited_by", "eve@acme.example", "$.invitations[0].invited_by"),
        ("questionnaires/0/versions/0/definition", {}, "$.questionnaires[0].versions[0].definition"),
        ("questionnaires/0/versions/1/published_at", "2026-01-01T00:00:00Z",
         "$.questionnaires[0].versions[1].published_at"),
        ("questionnaires/0/versions/1/number", 1, "$.questionnaires[0].versions[1].number: is there twice"),
        ("shared_versions/0/definition/levels", [], "$.shared_versions[0].definition: levels"),
        ("rounds/1/questionnaire/number", 9, "$.rounds[1].questionnaire"),
        ("rounds/1/questionnaire/number", 2, "$.rounds[1]: has answers or results, but"),
        ("rounds/1/ends_on", "2020-01-01", "$.rounds[1].ends_on: is before"),
        ("rounds/1/starts_on", "2020-02-31", "$.rounds[1].starts_on"),
        ("rounds/1/closed_at", DROP, "$.rounds[1].closed_at: is missing"),
        ("rounds/1/status", "open", "$.rounds[1]"),
        ("rounds/1/anonymous", True, "$.rounds[1].asked: is missing"),
        ("rounds/1/results/0/team", "Delta", "$.rounds[1].results[0].team: is no team"),
        ("rounds/1/teams/+", "Delta", "$.rounds[1].teams[1]: is no team"),
        ("rounds/1/teams/+", "Alpha", "$.rounds[1].teams[1]: is there twice"),
        ("rounds/1/participants/0/team", "Delta", "$.rounds[1].participants[0].team"),
        ("rounds/1/participants/0/member", "eve@acme.example", "$.rounds[1].participants[0].member"),
        ("rounds/1/participants/0/email", "LEFT@acme.example", "$.rounds[1].participants[1].email: is there twice"),
        ("rounds/1/participants/0/response/submitted_at", DROP, "$.rounds[1].participants[0].response.submitted_at"),
        ("rounds/1/participants/0/response/answers/nothing", {"choice": "yes"},
         "$.rounds[1].participants[0].response.answers.nothing: is no question"),
        ("rounds/1/participants/0/response/answers/governance.lineage/choice", "perhaps",
         "$.rounds[1].participants[0].response.answers.governance.lineage: 'perhaps' is none"),
        ("rounds/1/participants/0/response/answers/governance.lineage", {},
         "$.rounds[1].participants[0].response.answers.governance.lineage: is empty"),
        ("rounds/1/participants/0/response/answers/governance.lineage/evidence_url", "javascript:alert(1)",
         "$.rounds[1].participants[0].response.answers.governance.lineage.evidence_url"),
        ("rounds/1/results/0/card/overall", "1/0", "$.rounds[1].results[0].card"),
        ("rounds/1/results/0/card/respondents", "two", "$.rounds[1].results[0].card"),
        ("rounds/1/results/0/card/dimensions", None, "$.rounds[1].results[0].card"),
        ("rounds/1/results/1/team", DROP, "$.rounds[1].results[1]: is there twice"),
        ("rounds/0/number", 2, "$.rounds[0].number: must be 1"),
        ("rounds/0/previous", 9, "$.rounds[0].previous: is no round"),
        ("rounds/0/previous", 1, "$.rounds[0].previous: is the round itself"),
        ("rounds/6/closes_at", "2020-01-01T00:00:00Z", "$.rounds[6].closes_at: is not after"),
        ("rounds/1/revision", 1, "$.rounds[1].results[2].revision: is higher than that of the round"),
        ("rounds/1/results/2/withheld", True, "$.rounds[1].results[2].withheld"),
        ("rounds/1/results/3/consensus/governance.lineage/choice", "perhaps",
         "$.rounds[1].results[3].consensus.governance.lineage: 'perhaps' is none"),
        ("rounds/1/results/2/confidence/17", 0.5, "$.rounds[1].results[2].confidence.17: is no level"),
        ("rounds/1/results/2/confidence/1", 1.5, "$.rounds[1].results[2].confidence.1: must be at most 1"),
        ("rounds/1/consensus/0/question", "nothing", "$.rounds[1].consensus[0]: is no question"),
        ("rounds/1/consensus/0/recorded_by", "eve@acme.example", "$.rounds[1].consensus[0].recorded_by"),
        ("rounds/4/participants/0/nudged_at", "2026-01-01T00:00:00Z", "$.rounds[4].participants[0].nudged_at"),
        ("rounds/5/status", "open", "$.rounds[5].closed_at: does not belong here"),
        ("rounds/5/asked/Alpha", 3, "$.rounds[5].asked.Alpha: is less than answered"),
        ("rounds/5/answered/Alpha", 3, "$.rounds[5].answered.Alpha: is not as many"),
        ("rounds/5/answered/beta", 1, "$.rounds[5].responses: that name no team"),
        ("rounds/5/answered/beta", 9, "$.rounds[5].asked.beta: is less than answered"),
        ("rounds/5/asked/Delta", 3, "$.rounds[5].asked.Delta"),
        ("rounds/5/responses/0/since", 2, "$.rounds[5].responses[0].since: is higher"),
        ("rounds/5/asked/Tiny", 1, "$.rounds[5].responses: that name no team"),
        ("rounds/5/remarks/0/team", "Gamma", "$.rounds[5].remarks[0]: goes with no response"),
        ("rounds/5/remarks/0/choice", "yes", "$.rounds[5].remarks[0].choice: does not belong here"),
        ("rounds/5/remarks/0/note", DROP, "$.rounds[5].remarks[0].note: is missing"),
        ("rounds/5/participants", [], "$.rounds[5].participants: does not belong here"),
        ("questionnaires/0/versions/0/source", "slug: other", "$.questionnaires[0].versions[0].source: does not say"),
        ("tools/Delta", ["dbt"], "$.tools.Delta: is no team"),
        ("tools/Alpha/+", "DBT", "$.tools.Alpha[2]: is there twice"),
        ("badges/+", {"team": "beta"}, "$.badges[2]: is there twice"),
        ("badges/0/team", "Delta", "$.badges[0].team: is no team"),
        ("benchmark_sharing/agreed_by", "eve@acme.example", "$.benchmark_sharing.agreed_by: is no member"),
        ("benchmark_sharing/size", "huge", "$.benchmark_sharing.size: must be one of 1-10"),
        ("benchmark_sharing/agreed_at", "once", "$.benchmark_sharing.agreed_at: is not a time"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_with_the_place(
    exported_once: dict[str, Any], path: str, value: Any, place: str
) -> None:
    document = copy.deepcopy(exported_once)
    change(document, path, value)
    with pytest.raises(DocumentError) as error:
        read_document(json.dumps(document).encode())
    assert any(problem.startswith(place) for problem in error.value.problems), error.value.problems
    assert all("\n" not in problem and len(problem) < 400 for problem in error.value.problems)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON (line 1, column 1)."),
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8 text (byte 1)."),
        (b"[" * 100_000, "nested too deeply."),
        (b'{"a": 1, "a": 2}', "the key 'a' stands twice in one object."),
        (b'{"a": NaN}', "NaN is not a number in JSON."),
        (b"[]", "$: must be of type object, not []."),
        (b'{"format": 1}', "$.format: must be mlops-maturity-organization, not 1."),
        (b'"text"', "$: must be of type object, not 'text'."),
    ],
)
def test_what_is_no_document_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DocumentError) as error:
        read_document(content)
    assert any(message in problem for problem in error.value.problems)
    assert len(set(error.value.problems)) == len(error.value.problems)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place of a document but those in definitions, as what holds it and the key."""
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [] if not isinstance(value, dict | list) else [(value, key) for key, _inner in rows if key != "definition"]
    return found + [place for holder, key in list(found) for place in places(holder[key])]


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20),
    st.just([]), st.just({}), st.just([None]), st.just({"x": {}}),
)  # fmt: skip


@pytest.mark.timeout(400)  # on a busy machine; Hypothesis takes an interruption for a flaky test
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_is_changed_it_is_refused_or_imported_whole(
    data: st.DataObject, exported_once: dict[str, Any]
) -> None:
    document = copy.deepcopy(exported_once)
    holder, key = data.draw(st.sampled_from(places(document)))
    holder[key] = data.draw(JUNK)
    content = json.dumps(document).encode()
    try:
        read = read_document(content)
    except DocumentError as error:
        assert error.problems
        return
    organization = import_organization(document=read, slug="fuzzed")
    connection.check_constraints()
    exported(organization)
    organization.delete()


# The command


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command("organization", *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(*arguments: Any) -> str:
    """Run what must fail with exit code 2, and return what it says."""
    err = StringIO()
    with pytest.raises((CommandError, SystemExit)) as caught:
        call_command("organization", *map(str, arguments), stderr=err)
    if isinstance(caught.value, CommandError):
        assert caught.value.returncode == 2
        return str(caught.value)
    assert isinstance(caught.value, SystemExit)
    assert caught.value.code == 2
    return err.getvalue().strip()


def test_the_command_lists_exports_and_imports(world: Organization, tmp_path: Path) -> None:
    file = tmp_path / "acme.json"
    assert run("list") == "acme  Acme Ümlaut\n"
    assert run("export", "acme", "--output", file) == f"{file}: acme written.\n"
    assert file.read_text("utf-8") == run("export", "acme")
    assert run("import", file, "--slug", "acme-2") == f"{file}: acme-2 imported.\n"
    assert json.loads(run("export", "acme-2"))["rounds"] == exported(world)["rounds"]
    assert {"rounds", "tools", "badges"} <= json.loads(run("schema"))["properties"].keys()


def test_the_command_says_what_is_wrong_on_one_line_each(world: Organization, tmp_path: Path) -> None:
    file = tmp_path / "acme.json"
    file.write_text(json.dumps(exported(world) | {"extra": 1, "teams": 5}), encoding="utf-8")
    assert refused("import", file).splitlines() == [
        f"{file}: $.extra: does not belong here.",
        f"{file}: $.teams: must be of type array, not 5.",
    ]
    assert refused("import", tmp_path / "no.json") == f"{tmp_path / 'no.json'}: No such file or directory"
    assert refused("export", "nobody").startswith("there is no organization nobody;")
    run("export", "acme", "--output", file)
    assert refused("import", file) == (
        "there is an organization acme already; give this one another address with --slug."
    )
    assert refused("import", file, "--slug", "no slug").startswith("--slug: Enter a valid")
    assert Organization.objects.count() == 1
