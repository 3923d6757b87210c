"""An organization's document: what is in it, what must not be, and that an import gives the same organization."""

from __future__ import annotations

import copy
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from assessments.exchange.reading import DocumentError, read_document
from assessments.exchange.snapshots import in_file
from assessments.exchange.writing import organization_document
from assessments.models import Answer, Participant, QuestionnaireVersion, Response
from assessments.services.exchange import import_organization
from assessments.services.rounds import close_round
from organizations.models import Member, Organization, Role, User
from organizations.services.organizations import SlugTaken
from tests import factories
from tests.accounts import code_in_mail

pytestmark = pytest.mark.django_db

QUERIES = 11


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
    named = factories.make_round(organization, version=own, teams=[teams["Alpha"]], quarter=(2025, 4))
    response = factories.make_response(participant=factories.make_participant(named, user=ada))
    response.answers.filter(question_key="governance.lineage").update(
        note="See “wiki” 😀", evidence_url="https://wiki.example/x"
    )
    left = factories.make_user(f"private-address@{slug}.example")
    factories.make_response(
        "no", participant=factories.make_participant(named, user=left, email=f"left@{slug}.example")
    )
    factories.make_participant(named, email=f"silent@{slug}.example")
    close_round(round_=named)
    opened = factories.make_round(organization, teams=[teams["beta"]], quarter=(2026, 2), aggregate="median")
    factories.make_response(
        {"governance.lineage": "yes"}, participant=factories.make_participant(opened, user=owner.user), submitted=False
    )
    factories.make_round(organization, quarter=(2026, 4), teams=[], status="draft", opened_at=None)
    make_anonymous(organization, {teams["Alpha"]: 4, teams["beta"]: 3, teams["Tiny"]: 2, teams["Gamma"]: 0})
    make_anonymous(organization, {teams["Tiny"]: 2}, quarter=(2026, 1))
    make_anonymous(organization, {teams["Alpha"]: 3}, quarter=(2026, 2), closed=False)
    return organization


def make_anonymous(organization: Organization, responses: dict[Any, int], *, closed: bool = True, **fields: Any) -> Any:
    """Make an anonymous round in which each team has so many responses, each with a note, and one person is silent."""
    round_ = factories.make_round(organization, teams=list(responses), anonymous=True, **fields)
    for team, count in responses.items():
        factories.make_participant(round_, team=team)
        for number in range(count):
            participant = factories.make_participant(round_, team=team, email=f"secret{number}@{team.pk}.example")
            response = factories.make_response("no" if number else "yes", participant=participant)
            response.answers.filter(question_key="monitoring.drift_detection").update(
                note=f"by {number} of {team.name}"
            )
    if closed:
        close_round(round_=round_)
    return round_


@pytest.fixture
def world() -> Organization:
    return make_world()


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
    assert copied.rounds.filter(starts_on="2025-10-01").get().results.get(team=None).level is not None
    assert not copied.invitations.exclude(token_hash=None).exists()
    assert set(
        Participant.objects.filter(organization=copied).exclude(user=None).values_list("user__email", flat=True)
    ) == {"ada@acme.example"}


def test_nothing_secret_is_in_it(world: Organization) -> None:
    text = "".join(organization_document(world))
    assert "hash-of-acme" not in text
    assert "private-address" not in text
    for key in ('"id"', "password", "token", str(Response.objects.filter(organization=world).first())):
        assert key not in text


def test_anonymous_rounds_stay_anonymous(world: Organization) -> None:
    rounds = [round_ for round_ in exported(world)["rounds"] if round_["anonymous"]]
    assert len(rounds) == 3
    assert "secret" not in json.dumps(rounds)
    assert not {"participants"} & {key for round_ in rounds for key in round_}
    closed = next(round_ for round_ in rounds if round_["starts_on"] == "2026-07-01")
    # Tiny has two; and as the whole is known, the smallest of the others has to be hidden too.
    assert [row["team"] for row in closed["responses"]] == ["Alpha"] * 4
    assert {row.get("team") for row in closed["results"]} == {None, "Alpha", "Gamma"}
    assert closed["withheld_responses"] == 5
    assert closed["asked"] == {"Alpha": 5, "Gamma": 1, "Tiny": 3, "beta": 4}
    # In an order of what they say, not of who said it or when; and what was said stands apart.
    assert closed["responses"] == sorted(closed["responses"], key=json.dumps)
    assert all(set(row) == {"team", "answers"} for row in closed["responses"])
    assert [remark["note"] for remark in closed["remarks"]] == [f"by {number} of Alpha" for number in (1, 2, 3, 0)]


def test_of_an_anonymous_round_of_two_nothing_is_told(world: Organization) -> None:
    tiny = next(
        round_ for round_ in exported(world)["rounds"] if round_["anonymous"] and round_["starts_on"] == "2026-01-01"
    )
    assert (tiny["responses"], tiny["remarks"], tiny["results"]) == ([], [], [])
    assert "withheld_responses" not in tiny


def test_an_open_anonymous_round_gives_no_answer_away(world: Organization) -> None:
    """Else two exports would show what was answered in between."""
    [opened] = [round_ for round_ in exported(world)["rounds"] if round_["anonymous"] and round_["status"] == "open"]
    assert opened["asked"] == {"Alpha": 4}
    assert opened["responses"] == opened["remarks"] == []


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
    assert copied.rounds.filter(version=made).count() == 5
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
        ("version", 2, "$.version"),
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
        ("rounds/0/questionnaire/number", 9, "$.rounds[0].questionnaire"),
        ("rounds/0/questionnaire/number", 2, "$.rounds[0]: has answers or results, but"),
        ("rounds/0/ends_on", "2020-01-01", "$.rounds[0].ends_on: is before"),
        ("rounds/0/starts_on", "2020-02-31", "$.rounds[0].starts_on"),
        ("rounds/0/closed_at", DROP, "$.rounds[0].closed_at: is missing"),
        ("rounds/0/status", "open", "$.rounds[0]"),
        ("rounds/0/anonymous", True, "$.rounds[0].asked: is missing"),
        ("rounds/0/teams/+", "Delta", "$.rounds[0].teams[1]: is no team"),
        ("rounds/0/teams/+", "Alpha", "$.rounds[0].teams[1]: is there twice"),
        ("rounds/0/participants/0/team", "Delta", "$.rounds[0].participants[0].team"),
        ("rounds/0/participants/0/member", "eve@acme.example", "$.rounds[0].participants[0].member"),
        ("rounds/0/participants/0/email", "LEFT@acme.example", "$.rounds[0].participants[1].email: is there twice"),
        ("rounds/0/participants/0/response/submitted_at", DROP, "$.rounds[0].participants[0].response.submitted_at"),
        ("rounds/0/participants/0/response/answers/nothing", {"choice": "yes"},
         "$.rounds[0].participants[0].response.answers.nothing: is no question"),
        ("rounds/0/participants/0/response/answers/governance.lineage/choice", "perhaps",
         "$.rounds[0].participants[0].response.answers.governance.lineage: 'perhaps' is none"),
        ("rounds/0/participants/0/response/answers/governance.lineage", {},
         "$.rounds[0].participants[0].response.answers.governance.lineage: is empty"),
        ("rounds/0/participants/0/response/answers/governance.lineage/evidence_url", "javascript:alert(1)",
         "$.rounds[0].participants[0].response.answers.governance.lineage.evidence_url"),
        ("rounds/0/results/0/card/overall", "1/0", "$.rounds[0].results[0].card"),
        ("rounds/0/results/0/card/respondents", "two", "$.rounds[0].results[0].card"),
        ("rounds/0/results/0/card/dimensions", None, "$.rounds[0].results[0].card"),
        ("rounds/0/results/1/team", DROP, "$.rounds[0].results[1]: is there twice"),
        ("rounds/4/asked/Alpha", 3, "$.rounds[4].responses[3]: is more than were asked"),
        ("rounds/4/asked/Delta", 3, "$.rounds[4].asked.Delta"),
        ("rounds/4/remarks/0/choice", "not_sure", "$.rounds[4].remarks[0]: goes with no response"),
        ("rounds/4/remarks/0/note", DROP, "$.rounds[4].remarks[0]: is empty"),
        ("rounds/4/participants", [], "$.rounds[4].participants: does not belong here"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_with_the_place(world: Organization, path: str, value: Any, place: str) -> None:
    document = exported(world)
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


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_is_changed_it_is_refused_or_imported_whole(data: st.DataObject, junk_world: dict[str, Any]) -> None:
    document = copy.deepcopy(junk_world)
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


@pytest.fixture
def junk_world(world: Organization) -> dict[str, Any]:
    return exported(world)


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
