"""Drafts: each change is kept and undone, nothing is overwritten unseen, and what is published stays for good."""

from __future__ import annotations

from typing import Any

import pytest

from assessments import drafts
from assessments.drafts import Document
from assessments.models import DraftRevision, Questionnaire, QuestionnaireVersion
from assessments.models.drafts import Act
from assessments.models.questionnaires import VersionStatus
from assessments.questionnaires.validation import QuestionnaireError
from assessments.selectors.drafts import changes_since, history_of, last_published, others_since
from assessments.selectors.results import kept_results
from assessments.services import drafts as service
from assessments.services import questionnaires
from assessments.services.rounds import close_round
from organizations.models import User
from tests.factories import (
    make_organization,
    make_participant,
    make_response,
    make_round,
    make_user,
    make_version,
    shipped_definition,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> QuestionnaireVersion:
    return make_version(organization=make_organization(), published=False)


@pytest.fixture
def ada() -> User:
    return make_user("ada@acme.example")


def retitle(version: QuestionnaireVersion, title: str, *, seen: int | None = None, user: User | None = None) -> Any:
    changed = service.change_draft(
        version=version,
        seen=version.revision if seen is None else seen,
        user=user,
        act=Act.CHANGE,
        label=title,
        change=lambda _base, now: now | {"title": title},
    )
    version.refresh_from_db()
    return changed


def title(version: QuestionnaireVersion) -> str:
    version.refresh_from_db()
    return str(version.definition["title"])


def test_changes_are_undone_and_done_again_one_by_one(draft: QuestionnaireVersion) -> None:
    before = title(draft)
    for name in ("One", "Two", "Three"):
        retitle(draft, name)
    for name in ("Two", "One", before):
        service.undo(version=draft, seen=draft.revision, user=None)
        assert title(draft) == name
    with pytest.raises(service.NothingToUndo):
        service.undo(version=draft, seen=draft.revision, user=None)
    for name in ("One", "Two", "Three"):
        service.redo(version=draft, seen=draft.revision, user=None)
        assert title(draft) == name
    with pytest.raises(service.NothingToUndo):
        service.redo(version=draft, seen=draft.revision, user=None)
    service.undo(version=draft, seen=draft.revision, user=None)
    draft.refresh_from_db()
    assert history_of(draft).undo is not None
    retitle(draft, "Another way")
    assert history_of(draft).redo is None
    service.undo(version=draft, seen=draft.revision, user=None)
    assert title(draft) == "Two"


def test_a_change_that_changes_nothing_is_none(draft: QuestionnaireVersion) -> None:
    retitle(draft, "One")
    assert not retitle(draft, "One").has_changed
    assert draft.revision == 2


def test_whoever_did_not_see_a_change_does_not_undo_it(draft: QuestionnaireVersion, ada: User) -> None:
    retitle(draft, "Mine")
    seen = draft.revision
    retitle(draft, "Hers", user=ada)
    with pytest.raises(service.Overtaken) as error:
        service.undo(version=draft, seen=seen, user=None)
    assert error.value.now == draft.definition
    assert title(draft) == "Hers"
    assert others_since(draft, seen, make_user()) == ["ada@acme.example"]
    assert others_since(draft, seen, ada) == []
    # What says the same again was seen, whichever way it came about.
    service.undo(version=draft, seen=draft.revision, user=ada)
    service.undo(version=draft, seen=seen, user=None)


def test_a_change_knows_what_its_author_saw(draft: QuestionnaireVersion) -> None:
    retitle(draft, "One", seen=0)
    changed = retitle(draft, "Two", seen=0)
    assert changed.base["title"] == shipped_definition()["title"]
    assert changed.before["title"] == "One"
    assert retitle(draft, "Three", seen=-1).base is not None


def test_old_revisions_go(draft: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DraftRevision, "KEPT", 3)
    for n in range(6):
        retitle(draft, str(n))
    assert draft.revisions.count() == 3
    assert retitle(draft, "Late", seen=2).base is None


def test_a_draft_stays_below_the_limit_of_files(draft: QuestionnaireVersion) -> None:
    with pytest.raises(service.TooLarge):
        retitle(draft, "x" * 2_000_001)
    assert draft.revision == 0


def test_an_import_brings_its_file_and_is_undone(draft: QuestionnaireVersion) -> None:
    data = shipped_definition() | {"title": "From a file"}
    service.import_into_draft(version=draft, seen=0, user=None, data=data, source="# mine")
    draft.refresh_from_db()
    assert (draft.definition["title"], draft.source) == ("From a file", "# mine")
    service.undo(version=draft, seen=draft.revision, user=None)
    draft.refresh_from_db()
    assert draft.source == ""


def test_what_is_published_is_no_draft_any_more(draft: QuestionnaireVersion) -> None:
    retitle(draft, "One")
    with pytest.raises(questionnaires.ChangedMeanwhile):
        questionnaires.publish_version(version=draft, seen=1)
    questionnaires.publish_version(version=draft, seen=draft.revision)
    assert draft.status == VersionStatus.PUBLISHED
    assert draft.questionnaire.versions.get().questionnaire.title == "One"
    assert not draft.revisions.exists()
    for act in (
        lambda: retitle(draft, "Two"),
        lambda: service.undo(version=draft, seen=2, user=None),
        lambda: service.discard_draft(version=draft),
        lambda: questionnaires.publish_version(version=draft),
    ):
        with pytest.raises(questionnaires.NotADraft):
            act()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"title": ""}, "title"),
        ({"dimensions": []}, "dimensions"),
        ({"slug": "another-one"}, "slug"),
    ],
)
def test_only_a_valid_questionnaire_is_published(
    draft: QuestionnaireVersion, change: dict[str, Any], place: str
) -> None:
    QuestionnaireVersion.objects.filter(pk=draft.pk).update(definition=draft.definition | change)
    with pytest.raises(QuestionnaireError) as error:
        questionnaires.publish_version(version=draft)
    assert place in {problem.place for problem in error.value.problems}
    draft.refresh_from_db()
    assert draft.status == VersionStatus.DRAFT


def test_the_next_version_begins_with_the_published_one_and_there_is_one_draft() -> None:
    version = make_version()
    retired = make_version(shipped_definition() | {"title": "Second"})
    questionnaires.retire_version(version=retired)
    draft = questionnaires.draft_next_version(questionnaire=version.questionnaire)
    assert (draft.number, draft.definition) == (3, version.definition)
    assert questionnaires.draft_next_version(questionnaire=version.questionnaire) == draft


def test_a_draft_is_discarded_with_a_questionnaire_that_has_nothing_else() -> None:
    version = make_version()
    draft = questionnaires.draft_next_version(questionnaire=version.questionnaire)
    service.discard_draft(version=draft)
    assert version.questionnaire.versions.get() == version
    own = questionnaires.create_questionnaire(data=shipped_definition(), organization=make_organization())
    with pytest.raises(questionnaires.KeyTaken):
        questionnaires.create_questionnaire(data=shipped_definition(), organization=own.organization)
    service.discard_draft(version=own)
    assert not Questionnaire.objects.filter(pk=own.questionnaire_id).exists()


def test_a_retired_version_comes_back() -> None:
    version = make_version()
    questionnaires.retire_version(version=version)
    assert not QuestionnaireVersion.objects.published().exists()
    questionnaires.offer_again(version=version)
    assert QuestionnaireVersion.objects.published().get() == version


def test_old_rounds_do_not_shift_when_the_next_version_is_published() -> None:
    version = make_version(organization=make_organization())
    assert version.organization is not None
    round_ = make_round(version.organization, version=version)
    make_response(participant=make_participant(round_))
    close_round(round_=round_)
    [before, *_teams] = kept_results([round_])
    draft = questionnaires.draft_next_version(questionnaire=version.questionnaire)

    def rescore(_base: Document | None, now: Document) -> Document:
        new = drafts.replace(now, ("level", 5), {"min_score": 4.5})
        return drafts.remove(new, ("dimension", "governance"))

    service.change_draft(version=draft, seen=0, user=None, act=Act.CHANGE, change=rescore)
    questionnaires.publish_version(version=draft)
    [after, *_teams] = kept_results([round_])
    assert after.card == before.card
    earlier = last_published(draft)
    assert earlier == version
    assert {each.kind for each in changes_since(draft, earlier)} == {"removed", "rescored", "changed"}
