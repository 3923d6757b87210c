"""The pages of questionnaires: who sees what, how drafts are edited and published, and that nothing is lost."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments import drafts
from assessments.differences import differences
from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.questionnaires.files import dump, read
from organizations.models import User
from tests.assessments.test_views_results import text_of as text_in
from tests.factories import Cast, make_organization, make_version, shipped_definition

pytestmark = pytest.mark.django_db
KEY = "governance.lineage"
ClientOf = Callable[[User], Client]


@pytest.fixture
def draft(cast: Cast) -> QuestionnaireVersion:
    """The second version of the organization's own questionnaire, a draft like the first, which is published."""
    first = make_version(organization=cast.organization)
    return first.questionnaire.versions.create(
        organization=cast.organization, number=2, definition=shipped_definition()
    )


@pytest.fixture
def client(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.facilitator)


def text_of(answer: Any) -> str:
    return text_in(answer.content)


def url(name: str, version: QuestionnaireVersion, *rest: object) -> str:
    return reverse(name, args=[version.questionnaire_id, version.number, *rest])


def question_form(version: QuestionnaireVersion, key: str = KEY, **changes: Any) -> dict[str, Any]:
    """Return what a browser sends for a question's form, with some fields changed."""
    row = copy.deepcopy(drafts.find(version.definition, ("question", key)))
    guidance = row.pop("guidance")
    fields = row | {name: value for name, value in guidance.items() if name != "requires"}
    fields |= {name: "\r\n".join(fields[name]) for name in ("tools", "roles") if name in fields}
    fields.pop("key")
    return fields | {"requires": guidance.get("requires", []), "revision": version.revision} | changes


def act(client: Client, version: QuestionnaireVersion, do: str, **fields: Any) -> str:
    answer = client.post(url("draft_act", version), {"do": do, "revision": version.revision, **fields}, follow=True)
    assert answer.status_code == 200
    version.refresh_from_db()
    return text_of(answer)


def test_the_list_shows_what_one_may_read_and_drafts_to_writers_only(
    cast: Cast, draft: QuestionnaireVersion, client_of: ClientOf
) -> None:
    make_version()
    theirs = make_version(shipped_definition() | {"title": "Theirs"}, organization=make_organization())
    for user, sees_draft in ((cast.owner, True), (cast.facilitator, True), (cast.member, False), (cast.viewer, False)):
        page = text_of(client_of(user).get(reverse("questionnaires")))
        assert "Offered to everybody" in page
        assert cast.organization.name in page
        assert ("Edit the draft" in page) == sees_draft
        assert ("New questionnaire" in page) == sees_draft
        assert "Theirs" not in page
    for user in (cast.owner, cast.outsider, cast.staff):
        assert client_of(user).get(theirs.questionnaire.get_absolute_url()).status_code == 404
    assert client_of(cast.viewer).get(url("try_out", draft)).status_code == 404
    # What was never published is there for its writers only.
    unseen = make_version(shipped_definition() | {"slug": "unseen"}, organization=cast.organization, published=False)
    for user, status in ((cast.facilitator, 200), (cast.member, 404), (cast.viewer, 404)):
        assert client_of(user).get(unseen.questionnaire.get_absolute_url()).status_code == status


def test_what_is_offered_to_all_is_written_by_staff_only(cast: Cast, client_of: ClientOf) -> None:
    version = make_version()
    page = version.questionnaire.get_absolute_url()
    for user in (cast.owner, cast.outsider, cast.staff):
        assert client_of(user).get(page).status_code == 200
    expected = {cast.owner: 403, cast.outsider: 403, cast.staff: 302}
    for user, status in expected.items():
        assert client_of(user).post(reverse("next_version", args=[version.questionnaire_id])).status_code == status
    weak = User.objects.create_user("clerk@example.org", "a red bicycle", is_staff=True)
    assert client_of(weak).get(url("retire_version", version)).status_code == 403


def test_the_pages_of_a_large_draft_ask_no_more_of_the_database(client: Client, draft: QuestionnaireVersion) -> None:
    counts = []
    large = draft.definition
    for _round in range(2):
        asked = []
        for page in (
            url("edit_draft", draft),
            url("edit_dimension", draft, "governance"),
            url("edit_question", draft, KEY),
            url("publish_version", draft),
            url("try_out", draft),
            reverse("questionnaires"),
            draft.questionnaire.get_absolute_url(),
        ):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            asked.append(len(queries))
        counts.append(asked)
        for n in range(20):
            large, key = drafts.add_dimension(large, f"Dimension {n}")
            for _question in range(8):
                large, _key = drafts.add_question(large, key, "Is it done?")
        QuestionnaireVersion.objects.filter(pk=draft.pk).update(definition=large)
        for n in range(5):
            make_version(shipped_definition() | {"slug": f"other-{n}"}, organization=draft.organization)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 12


def test_a_copy_a_blank_one_and_one_of_a_file(client: Client, cast: Cast) -> None:
    original = make_version()
    new = reverse("new_questionnaire")
    owner = cast.organization.pk
    sent = {"basis": "copy", "copy-owner": owner, "copy-version": original.pk, "copy-title": "Ours"}
    assert client.post(new, sent).status_code == 302
    copied = Questionnaire.objects.get(organization=owner, slug="ours").versions.get()
    assert copied.definition == original.definition | {"slug": "ours", "title": "Ours"}
    sent = {"basis": "scratch", "scratch-owner": owner, "scratch-title": "Ours"}
    page = text_of(client.post(new, sent, follow=True))
    assert "Nothing is asked yet." in page
    assert Questionnaire.objects.filter(organization=owner, slug="ours-2").exists()
    file = SimpleUploadedFile("q.yaml", f"# by hand\n{dump(shipped_definition())}".encode())
    assert client.post(new, {"basis": "file", "file-owner": owner, "file-file": file}).status_code == 302
    made = Questionnaire.objects.get(organization=owner, slug="mlops-maturity").versions.get()
    answer = client.get(url("questionnaire_file", made))
    assert answer.content.decode().startswith("# by hand\n")
    # Neither for everybody, nor for others.
    for other in ("all", cast.elsewhere.pk):
        assert client.post(new, sent | {"scratch-owner": other}).status_code == 422


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a: [", "is not valid YAML"),
        (b"a: &x [1]\nb: *x\n", "anchors"),
        (b"a: !!python/object:os.system x", "tags"),
        (b"title: X\n", "is missing"),
        (b"x" * 2_000_001, "larger than 2 MB"),
        (b"", "empty"),
        (b"\xff\xfe", "UTF-8"),
        (dump(shipped_definition() | {"slug": "another"}).encode(), "slug: another"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told(
    client: Client, draft: QuestionnaireVersion, content: bytes, says: str
) -> None:
    page = reverse("import_questionnaire", args=[draft.questionnaire_id])
    answer = client.post(page, {"file": SimpleUploadedFile("q.yaml", content)})
    assert answer.status_code == 422
    assert says in text_of(answer)
    draft.refresh_from_db()
    assert draft.revision == 0


def test_a_file_is_imported_after_its_difference_was_shown(client: Client, draft: QuestionnaireVersion) -> None:
    page = reverse("import_questionnaire", args=[draft.questionnaire_id])
    data = drafts.replace(draft.definition, ("question", KEY), {"text": "Is lineage known?", "weight": 2})
    shown = client.post(page, {"file": SimpleUploadedFile("q.yaml", dump(data).encode())})
    assert "Is lineage known?" in text_of(shown)
    assert "Rescored: scores may move (1)" in text_of(shown)
    draft.refresh_from_db()
    assert draft.definition != data
    token = re.search(r'name="token" value="(\w+)"', shown.content.decode())
    assert token
    assert "The file is imported." in text_of(client.post(page, {"token": token[1]}, follow=True))
    draft.refresh_from_db()
    assert draft.definition == data
    assert "too long ago" in text_of(client.post(page, {"token": token[1]}, follow=True))
    act(client, draft, "undo")
    assert draft.definition == shipped_definition()


def test_a_question_is_edited_and_says_what_is_wrong(client: Client, draft: QuestionnaireVersion) -> None:
    page = url("edit_question", draft, KEY)
    sent = question_form(draft, help="New **help**", weight="0.5", tools="Git\r\n\r\n DVC ")
    assert client.post(page, sent).status_code == 302
    draft.refresh_from_db()
    row = drafts.find(draft.definition, ("question", KEY))
    assert (row["help"], row["weight"], row["guidance"]["tools"]) == ("New **help**", 0.5, ["Git", "DVC"])
    wrong = question_form(draft, weight="-1", action="", level="", text="Is it?\ufffd", help="Still here")
    answer = client.post(page, wrong)
    assert answer.status_code == 422
    for words in ("above 0", "Guidance needs", "Pick one", "could not be read", "Still here"):
        assert words in text_of(answer)
    fragment = client.post(page, wrong, headers={"HX-Request": "true"})
    assert fragment["HX-Reselect"] == ".edit-panel"


def test_a_form_that_is_sent_unchanged_changes_nothing(client: Client, draft: QuestionnaireVersion) -> None:
    """Of every part: reading a row into a form and back is the identity."""
    pages = [url("edit_settings", draft), url("edit_choices", draft)]
    pages += [url("edit_level", draft, level["number"]) for level in draft.definition["levels"]]
    pages += [url("edit_dimension_settings", draft, each["key"]) for each in draft.definition["dimensions"]]
    pages += [url("edit_question", draft, each["key"]) for each in drafts.questions_of(draft.definition)[::4]]
    for page in pages:
        form = client.get(page).context["form"]
        values = {field.html_name: field.value() for field in form}
        sent = {name: value for name, value in values.items() if value is not None and value is not False}
        sent = {name: "on" if value is True else value for name, value in sent.items()}
        sent = {
            name: "\r\n".join(value) if isinstance(value, list) and name != "requires" else value
            for name, value in sent.items()
        }
        answer = client.post(page, sent | {"revision": draft.revision})
        assert answer.status_code == 302, (page, form.errors)
        draft.refresh_from_db()
        assert differences(shipped_definition(), draft.definition) == (), page
    draft.refresh_from_db()
    assert draft.definition == shipped_definition()


def test_every_panel_opens(client: Client, draft: QuestionnaireVersion) -> None:
    """Also of a row that is as bare as can be."""
    act(client, draft, "add:level:", title="Bare")
    act(client, draft, "add:dimension:", title="Bare")
    dimension = draft.definition["dimensions"][-1]["key"]
    act(client, draft, f"add:question:{dimension}", title="Bare?")
    question = draft.definition["dimensions"][-1]["questions"][0]["key"]
    client.post(url("edit_languages", draft), {"locale": "de", "revision": draft.revision})
    pages = [url("edit_settings", draft), url("edit_choices", draft), url("edit_languages", draft)]
    pages += [url("edit_level", draft, level["number"]) for level in draft.definition["levels"]]
    pages += [url("edit_dimension_settings", draft, key) for key in ("governance", dimension)]
    pages += [url(name, draft, key) for name in ("edit_question", "edit_own_choices") for key in (KEY, question)]
    for page in pages:
        assert client.get(page).status_code == 200, page


def test_undo_and_redo_say_what_they_did_and_whose_it_was(
    client: Client, cast: Cast, draft: QuestionnaireVersion, client_of: ClientOf
) -> None:
    act(client, draft, "down:dimension:data_management")
    act(client_of(cast.owner), draft, "remove:dimension:monitoring")
    client.post(url("edit_dimension_settings", draft, "governance"), {"title": "Rules", "revision": draft.revision})
    draft.refresh_from_db()
    changed, deleted, moved = (
        f"Changed “{shipped_definition()['dimensions'][-1]['title']}”.",
        "Deleted “Monitoring",
        "Moved “Data",
    )
    for do, word, change in (
        ("undo", "Undone", changed),
        ("undo", "Undone", deleted),
        ("undo", "Undone", moved),
        ("redo", "Done again", moved),
        ("redo", "Done again", deleted),
        ("undo", "Undone", deleted),
        ("redo", "Done again", deleted),
        ("redo", "Done again", changed),
    ):
        told = act(client, draft, do)
        assert f"{word}: {change}" in told, (do, change)
        assert (", by owner@acme.example." in told) == (change is deleted)


def test_another_meaning_gets_another_key_and_other_words_do_not(client: Client, draft: QuestionnaireVersion) -> None:
    page = url("edit_question", draft, KEY)
    asked = client.post(page, question_form(draft, text="Can every model be traced?"))
    assert "Say whether it still asks the same" in text_of(asked)
    assert client.post(page, question_form(draft, text="Can every model be traced?", meaning="same")).status_code == 302
    draft.refresh_from_db()
    assert drafts.find(draft.definition, ("question", KEY))["text"] == "Can every model be traced?"
    # What the draft says already need not be asked again; another text must.
    assert client.post(page, question_form(draft, help="H")).status_code == 302
    draft.refresh_from_db()
    answer = client.post(page, question_form(draft, text="Is the bill paid?", meaning="new"), follow=True)
    assert "Saved." in text_of(answer)
    draft.refresh_from_db()
    keys = [question["key"] for question in drafts.questions_of(draft.definition)]
    assert KEY not in keys
    assert "governance.is_the_bill_paid" in keys


def test_two_people_who_edit_one_question(
    client: Client, cast: Cast, draft: QuestionnaireVersion, client_of: ClientOf
) -> None:
    page = url("edit_question", draft, KEY)
    mine = question_form(draft, help="Mine", evidence="Only mine")
    client_of(cast.owner).post(page, question_form(draft, help="Theirs", weight=3))
    answer = client.post(page, mine)
    assert answer.status_code == 409
    shown = text_of(answer)
    assert "Written here meanwhile by owner@acme.example: “Theirs”" in shown
    assert "you had not changed it: Weight in its dimension." in shown
    assert shown.count("Changed by owner@acme.example meanwhile.") == 1
    assert answer.context["shown"].help == "Mine"
    draft.refresh_from_db()
    assert drafts.find(draft.definition, ("question", KEY))["help"] == "Theirs"
    # Sent again as the page has it now: one's own help, and the weight that the other one has set.
    form = answer.context["form"]
    again = {field.html_name: field.value() for field in form if field.value() is not None}
    done = client.post(page, again | {"revision": answer.context["revision"]}, follow=True)
    assert "Saved." in text_of(done)
    draft.refresh_from_db()
    row = drafts.find(draft.definition, ("question", KEY))
    assert (row["help"], row["evidence"], row["weight"]) == ("Mine", "Only mine", 3)


def test_a_question_is_shown_as_it_is_typed(client: Client, draft: QuestionnaireVersion) -> None:
    typed = question_form(draft, text="Is it typed?", help="So **far**.", weight="heavy")
    shown = client.post(url("preview_question", draft, KEY), typed)
    assert "Is it typed?" in text_of(shown)
    assert "<strong>far</strong>" in shown.content.decode()
    # Beside what is to be mended, too.
    assert client.post(url("edit_question", draft, KEY), typed).context["shown"].text == "Is it typed?"


def test_what_others_changed_elsewhere_is_kept_and_told(
    client: Client, cast: Cast, draft: QuestionnaireVersion, client_of: ClientOf
) -> None:
    mine = question_form(draft, help="Mine")
    act(client_of(cast.owner), draft, "remove:question:governance.documentation")
    shown = text_of(client.post(url("edit_question", draft, KEY), mine, follow=True))
    assert "Changed by owner@acme.example while you were here" in shown
    assert "Removed the question" in shown
    draft.refresh_from_db()
    assert drafts.find(draft.definition, ("question", KEY))["help"] == "Mine"
    # Nor is anything deleted or undone that was changed unseen.
    seen = draft.revision
    client_of(cast.owner).post(url("edit_question", draft, KEY), question_form(draft, help="Theirs"))
    for do in (f"remove:question:{KEY}", "undo"):
        draft.refresh_from_db()
        draft.revision = seen
        assert "Nothing was done" in act(client, draft, do)
    assert drafts.find(draft.definition, ("question", KEY))["help"] == "Theirs"


def test_what_was_typed_is_shown_where_its_question_is_gone(
    client: Client, cast: Cast, draft: QuestionnaireVersion, client_of: ClientOf
) -> None:
    mine = question_form(draft, help="An hour of work")
    act(client_of(cast.owner), draft, f"remove:question:{KEY}")
    answer = client.post(url("edit_question", draft, KEY), mine)
    assert answer.status_code == 409
    assert "by owner@acme.example" in text_of(answer)
    assert answer.context["typed"] == [("Help", "An hour of work")]
    # Nobody knows any more what the fields were called.
    draft.revisions.filter(number=1).delete()
    answer = client.post(url("edit_question", draft, KEY), mine)
    assert ("help", "An hour of work") in answer.context["typed"]


@pytest.mark.parametrize(
    ("do", "check"),
    [
        ("add:dimension:", lambda d: d["dimensions"][-1]["title"] == "T"),
        ("add:question:governance", lambda d: d["dimensions"][-1]["questions"][-1]["text"] == "T"),
        ("add:level:", lambda d: d["levels"][-1]["number"] == 6),
        ("down:dimension:data_management", lambda d: d["dimensions"][1]["key"] == "data_management"),
        ("up:dimension:data_management", lambda d: d == shipped_definition()),
        ("place:dimension:data_management:4", lambda d: d["dimensions"][4]["key"] == "data_management"),
        (f"up:question:{KEY}", lambda d: [q["key"] for q in d["dimensions"][4]["questions"]].index(KEY) == 0),
        (f"to:question:{KEY}:", lambda d: drafts.dimension_with(d, KEY)["key"] == "monitoring"),
        (f"duplicate:question:{KEY}", lambda d: len(drafts.questions_of(d)) == 26),
        ("duplicate:dimension:governance", lambda d: len(d["dimensions"]) == 6),
        ("remove:level:5", lambda d: len(d["levels"]) == 5),
    ],
)
def test_one_step_changes(
    client: Client, draft: QuestionnaireVersion, do: str, check: Callable[[dict[str, Any]], bool]
) -> None:
    act(client, draft, do, title="T", to="monitoring", back="dimension:governance")
    assert check(draft.definition)


@pytest.mark.parametrize(
    "do", ["", "up", "up:level:1", "remove:level:x", "drop:question:a", "up:question:a:b:c", "add:choice:x"]
)
def test_what_no_button_asks_for_is_refused(client: Client, draft: QuestionnaireVersion, do: str) -> None:
    assert client.post(url("draft_act", draft), {"do": do, "revision": 0}).status_code == 400


def test_answers_are_edited_ordered_and_deleted(client: Client, draft: QuestionnaireVersion) -> None:
    page = url("edit_choices", draft)
    sent = {"label_0": "Yes", "value_0": 1, "key_0": "yes", "label_1": "No", "value_1": 0, "key_1": "no"}
    sent |= {"label_2": "Not needed", "excluded_2": "on", "key_2": "made-up", "move": "2:up", "revision": 0}
    client.post(page, sent)
    draft.refresh_from_db()
    assert draft.definition["choices"] == [
        {"key": "yes", "label": "Yes", "value": 1},
        {"key": "not_needed", "label": "Not needed", "excluded": True},
        {"key": "no", "label": "No", "value": 0},
    ]
    assert client.post(page, {"label_0": "Yes", "revision": draft.revision}).status_code == 422
    own = url("edit_own_choices", draft, KEY)
    client.post(own, {"label_0": "Done", "value_0": 1, "label_1": "Open", "value_1": 0, "revision": draft.revision})
    draft.refresh_from_db()
    assert [each["key"] for each in drafts.find(draft.definition, ("question", KEY))["choices"]] == ["done", "open"]


def test_a_language_is_added_translated_and_deleted(client: Client, draft: QuestionnaireVersion) -> None:
    languages = url("edit_languages", draft)
    assert client.post(languages, {"locale": "EN?", "revision": 0}).status_code == 422
    assert "in this language already" in text_of(client.post(languages, {"locale": "en", "revision": 0}))
    shown = text_of(client.post(languages, {"locale": "de", "revision": 0}, follow=True))
    assert "are missing" in shown
    page = f"{url('edit_language', draft, 'de')}?section=governance"
    field = f"questions/{KEY}/text"
    draft.refresh_from_db()
    assert client.post(page, {field: "Ist die Herkunft bekannt?", "revision": draft.revision}).status_code == 302
    draft.refresh_from_db()
    assert draft.definition["translations"] == {"de": {"questions": {KEY: {"text": "Ist die Herkunft bekannt?"}}}}
    stale = client.post(page, {field: "Woher kommt es?", "revision": 1})
    assert stale.status_code == 422
    assert "Woher kommt es?" in stale.content.decode()
    level = f"{url('edit_language', draft, 'de')}?section=level:1"
    client.post(level, {"levels/1/team/0/role": "Datenmensch", "revision": draft.revision})
    draft.refresh_from_db()
    team = draft.definition["translations"]["de"]["levels"]["1"]["team"]
    assert team[0]["role"] == "Datenmensch"
    assert len(team) == len(draft.definition["levels"][1]["team"])
    assert client.get(url("publish_version", draft)).context["problems"] == []
    client.post(languages, {"remove": "de", "revision": draft.revision})
    draft.refresh_from_db()
    assert "translations" not in draft.definition


def test_every_problem_leads_to_its_place(client: Client, draft: QuestionnaireVersion) -> None:
    broken = copy.deepcopy(draft.definition)
    broken["levels"][1]["min_score"] = 9
    broken["dimensions"][0]["questions"][0]["level"] = 77
    broken["dimensions"].append({"key": "empty", "title": "Empty", "questions": []})
    broken["translations"] = {"de": {"questions": {"no.such": {"text": "X"}}}}
    QuestionnaireVersion.objects.filter(pk=draft.pk).update(definition=broken)
    answer = client.get(url("publish_version", draft))
    links = {link for link, _label, _problem in answer.context["problems"]}
    first = broken["dimensions"][0]["questions"][0]["key"]
    assert links >= {
        url("edit_level", draft, 1),
        url("edit_question", draft, first),
        url("edit_dimension", draft, "empty"),
        url("edit_language", draft, "de"),
    }
    for link in links:
        assert client.get(link).status_code == 200
    assert "Empty : has no question yet. Add one." in text_of(answer).replace("Empty:", "Empty :")
    refused = client.post(url("publish_version", draft), {"revision": draft.revision})
    assert refused.status_code == 409
    assert 'name="revision"' in refused.content.decode()
    assert "to mend" in text_of(client.get(url("draft_problems", draft)))


def test_a_draft_is_published_as_it_was_looked_at(client: Client, draft: QuestionnaireVersion) -> None:
    act(client, draft, "remove:dimension:governance")
    page = url("publish_version", draft)
    assert "Removed the dimension" in text_of(client.get(page))
    assert "has changed since you looked" in text_of(client.post(page, {"revision": 0}))
    assert "is published" in text_of(client.post(page, {"revision": draft.revision}, follow=True))
    assert client.get(url("edit_draft", draft)).status_code == 409
    assert client.post(url("draft_act", draft), {"do": "undo", "revision": 0}).status_code == 409

    def offered() -> list[QuestionnaireVersion]:
        return list(
            client.get(reverse("new_round", args=["acme-insurance"])).context["form"].fields["version"].queryset
        )

    assert draft in offered()
    client.post(url("retire_version", draft))
    assert draft not in offered()
    client.post(url("offer_version", draft))
    assert draft in offered()


def test_the_try_out_scores_and_saves_nothing(client: Client, draft: QuestionnaireVersion) -> None:
    page = url("try_out", draft)
    everything = {f"answer-{question['key']}": "yes" for question in drafts.questions_of(draft.definition)}
    assert "Level 5" in text_of(client.post(page, everything))
    assert "Level 0" in text_of(client.post(page, {"fill": "no"}))
    part = client.post(page, {f"answer-{KEY}": "no such"}, headers={"HX-Request": "true"})
    assert "No level yet" in text_of(part)
    assert "<html" not in part.content.decode()
    act(client, draft, "add:dimension:", title="Empty")
    assert "It can be scored when 1 thing is mended." in text_of(client.post(page, everything))


def test_a_draft_that_is_no_questionnaire_is_not_edited(client: Client, draft: QuestionnaireVersion) -> None:
    QuestionnaireVersion.objects.filter(pk=draft.pk).update(definition={"dimensions": "none"})
    for name, keys in (("edit_draft", []), ("edit_dimension", ["x"]), ("try_out", []), ("edit_languages", [])):
        answer = client.get(url(name, draft, *keys))
        assert "cannot be edited here" in text_of(answer), name
    assert client.get(url("publish_version", draft)).status_code == 200
    assert client.get(url("questionnaire_file", draft)).content == b'{\n  "dimensions": "none"\n}\n'
    assert client.post(url("draft_act", draft), {"do": "add:dimension:", "revision": 0}).status_code == 409
    assert client.post(url("discard_version", draft)).status_code == 302


def test_the_schema_is_for_everybody(client: Client) -> None:
    answer = client.get(reverse("questionnaire_schema"))
    assert answer["Content-Type"] == "application/schema+json"
    assert answer.json()["title"] == "Questionnaire"
    assert read(dump(shipped_definition())).data == shipped_definition()
