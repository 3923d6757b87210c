"""The questionnaire command, as people and deployments call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from itertools import chain
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from jsonschema import Draft202012Validator
from pytest_django import DjangoAssertNumQueries

from assessments.models import QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from assessments.questionnaires.files import dump, read_valid, shipped
from assessments.questionnaires.validation import SCHEMA
from assessments.selectors.questionnaires import version_to_export, versions_for_all
from assessments.services.questionnaires import import_definition, publish_version
from mlops_maturity.env import CHECKOUT
from tests.factories import SHIPPED, make_organization, make_version, shipped_definition

SLUG = "mlops-maturity"


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command("questionnaire", *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(*arguments: Any) -> str:
    """Run what must fail, and return what it says; the exit code is 2."""
    err = StringIO()
    with pytest.raises((CommandError, SystemExit)) as caught:
        call_command("questionnaire", *map(str, arguments), stderr=err)
    if isinstance(caught.value, CommandError):
        assert caught.value.returncode == 2
        return str(caught.value)
    assert isinstance(caught.value, SystemExit)
    assert caught.value.code == 2
    return err.getvalue()


def titled(title: str) -> dict[str, Any]:
    return shipped_definition() | {"title": title}


@pytest.fixture
def draft_file(tmp_path: Path) -> Path:
    """A file that says something else than the shipped questionnaire."""
    file = tmp_path / "next.yaml"
    file.write_text(dump(titled("MLOps maturity, next")), encoding="utf-8")
    return file


@pytest.fixture
def broken_file(tmp_path: Path) -> Path:
    file = tmp_path / "broken.yaml"
    file.write_text(dump(shipped_definition()).replace("locale: en\n", "locale: 5\n"), encoding="utf-8")
    return file


def test_validate_counts_what_is_in_a_file_without_a_database() -> None:
    assert run("validate", SHIPPED) == f"{SHIPPED}: valid, 5 dimensions, 25 questions, 6 levels\n"


def test_schema_prints_what_editors_check_files_by() -> None:
    assert json.loads(run("schema")) == SCHEMA
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(shipped_definition())


def test_validate_says_each_problem_of_each_file(broken_file: Path, tmp_path: Path) -> None:
    line = broken_file.read_text("utf-8").splitlines().index("locale: 5") + 1
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as caught:
        files = [str(broken_file), str(SHIPPED), str(tmp_path / "no.yaml")]
        call_command("questionnaire", "validate", *files, stdout=out, stderr=err)
    assert caught.value.code == 2
    assert out.getvalue().startswith(f"{SHIPPED}: valid")
    assert err.getvalue().splitlines() == [
        f'{broken_file}:{line}: locale: must be text, not 5; put quotes around it: "5".',
        f"{tmp_path / 'no.yaml'}: the file: cannot be read: No such file or directory.",
    ]


@pytest.mark.django_db
def test_load_publishes_what_is_shipped_and_can_be_repeated() -> None:
    assert run("load").splitlines() == [f"{slug} version 1 published." for slug in shipped()]
    assert run("load").splitlines() == [f"{slug} version 1 is there already." for slug in shipped()]
    for slug, path in shipped().items():
        version = QuestionnaireVersion.objects.get(questionnaire__slug=slug)
        assert version.status == VersionStatus.PUBLISHED
        assert version.definition == read_valid(path)
        assert run("export", slug) == path.read_text("utf-8")


@pytest.mark.django_db
def test_load_publishes_the_shipped_draft() -> None:
    draft = make_version(published=False)
    assert f"{SLUG} version 1 published." in run("load").splitlines()
    draft.refresh_from_db()
    assert draft.status == VersionStatus.PUBLISHED


@pytest.mark.django_db
def test_load_does_not_overrule_what_an_administrator_chose() -> None:
    run("load")
    make_version(titled("Our own words"))
    versions = QuestionnaireVersion.objects.filter(questionnaire__slug=SLUG)
    versions.filter(number=1).update(status=VersionStatus.RETIRED)
    assert f"{SLUG} version 1 is there already." in run("load").splitlines()
    assert list(versions.order_by("number").values_list("number", "status")) == [
        (1, VersionStatus.RETIRED),
        (2, VersionStatus.PUBLISHED),
    ]


@pytest.mark.django_db
def test_load_adds_a_version_when_the_shipped_file_has_changed() -> None:
    make_version(titled("As shipped before"))
    assert f"{SLUG} version 2 published." in run("load").splitlines()


@pytest.mark.django_db
def test_load_does_not_mistake_an_organizations_own_questionnaire_for_the_shipped_one() -> None:
    make_version(organization=make_organization())
    assert f"{SLUG} version 1 published." in run("load").splitlines()
    assert version_to_export(SLUG) is not None


@pytest.mark.django_db(transaction=True)
def test_two_deployments_at_once_load_one_version() -> None:
    together = Barrier(2)

    def load() -> str:
        try:
            together.wait(timeout=30)
            return run("load")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = [future.result().splitlines() for future in [pool.submit(load), pool.submit(load)]]
    assert sorted(chain(*said)) == sorted(
        f"{slug} version 1 {what}." for slug in shipped() for what in ("published", "is there already")
    )
    assert QuestionnaireVersion.objects.count() == len(shipped())


@pytest.mark.django_db
def test_import_keeps_a_draft_once(draft_file: Path) -> None:
    run("load")
    assert run("import", draft_file) == (
        f"{SLUG} version 2 imported as a draft.\n  Reworded “MLOps maturity, next”: was “MLOps maturity assessment”.\n"
    )
    assert run("import", draft_file) == f"{SLUG} version 2 says the same already: nothing changed.\n"
    assert QuestionnaireVersion.objects.get(number=2).status == VersionStatus.DRAFT


@pytest.mark.django_db
def test_import_publishes_on_demand(draft_file: Path) -> None:
    assert run("import", draft_file, "--publish") == (
        f"{SLUG} version 1 imported as a draft.\n{SLUG} version 1 published.\n"
    )
    assert run("import", draft_file, "--publish") == f"{SLUG} version 1 says the same already: nothing changed.\n"
    assert QuestionnaireVersion.objects.get().questionnaire.title == "MLOps maturity, next"


@pytest.mark.django_db
def test_import_publishes_a_draft_that_was_there_already(draft_file: Path) -> None:
    run("import", draft_file)
    assert run("import", draft_file, "--publish").endswith(f"{SLUG} version 1 published.\n")


@pytest.mark.django_db
def test_import_does_not_publish_what_was_retired(draft_file: Path) -> None:
    run("import", draft_file, "--publish")
    QuestionnaireVersion.objects.update(status=VersionStatus.RETIRED)
    assert refused("import", draft_file, "--publish") == (
        f"{SLUG} version 1 is retired, so it is not published; offer it again in the administration."
    )


@pytest.mark.django_db
def test_import_brings_an_older_version_back_as_a_new_one() -> None:
    make_version()
    make_version(titled("Another"))
    assert run("import", SHIPPED) == (
        f"{SLUG} version 3 imported as a draft.\n  Reworded “MLOps maturity assessment”: was “Another”.\n"
    )


@pytest.mark.django_db
def test_import_refuses_an_invalid_file_and_keeps_nothing(broken_file: Path) -> None:
    assert refused("import", broken_file).startswith(f"{broken_file}:")
    assert not QuestionnaireVersion.objects.exists()


@pytest.mark.django_db
def test_export_then_import_changes_nothing(tmp_path: Path, draft_file: Path) -> None:
    run("load")
    run("import", draft_file)
    exported = tmp_path / "exported.yaml"
    assert run("export", SLUG, "--output", exported) == f"{exported}: {SLUG} version 1 written.\n"
    assert run("import", exported) == f"{SLUG} version 1 says the same already: nothing changed.\n"
    assert run("export", SLUG) == exported.read_text("utf-8")


@pytest.mark.django_db
def test_export_prefers_what_is_published(draft_file: Path) -> None:
    run("import", draft_file)
    assert run("export", SLUG) == draft_file.read_text("utf-8")
    run("import", SHIPPED, "--publish")
    run("import", draft_file)
    assert run("export", SLUG) == SHIPPED.read_text("utf-8")
    assert run("export", SLUG, "--version", 3) == draft_file.read_text("utf-8")


@pytest.mark.django_db
def test_export_refuses_what_there_is_not(tmp_path: Path) -> None:
    assert refused("export", "nope") == "there is no questionnaire nope; 'questionnaire list' shows what there is."
    run("load")
    assert refused("export", SLUG, "--version", 9) == (
        f"{SLUG} has no version 9; 'questionnaire list' shows what there is."
    )
    assert refused("export", SLUG, "--output", tmp_path) == f"{tmp_path}: Is a directory"


@pytest.mark.django_db
def test_list_shows_every_version_that_all_may_use(draft_file: Path) -> None:
    assert run("list") == "There is no questionnaire yet; load the shipped ones with 'questionnaire load'.\n"
    make_version()
    run("import", draft_file)
    make_version(organization=make_organization())
    assert run("list").splitlines() == [
        "QUESTIONNAIRE   VERSION  STATUS     TITLE",
        f"{SLUG}  1        Published  MLOps maturity assessment",
        f"{SLUG}  2        Draft      MLOps maturity assessment",
    ]


@pytest.mark.django_db
def test_reading_questionnaires_takes_the_stated_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_version(published=False)
    with django_assert_num_queries(1):
        assert [version.questionnaire.slug for version in versions_for_all()] == [SLUG]
    with django_assert_num_queries(2):
        assert version_to_export(SLUG) is not None
    with django_assert_num_queries(1):
        assert version_to_export(SLUG, 2) is None


@pytest.mark.django_db
def test_a_database_without_tables_is_one_clear_line() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE assessments_questionnaireversion RENAME TO elsewhere")
    text = refused("list")
    assert text.startswith("the database does not answer as it should: relation ")
    assert "\n" not in text


@pytest.mark.django_db
def test_equal_numbers_are_the_same_definition_however_they_are_written() -> None:
    version, _is_new = import_definition(data=shipped_definition())
    publish_version(version=version)
    data = shipped_definition()
    data["dimensions"][0]["weight"] = 1.0
    assert import_definition(data=data) == (version, False)


def command(*arguments: str, database: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "questionnaire", *arguments],
        cwd=CHECKOUT,
        env=os.environ | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_as_a_process_it_needs_a_database_only_where_it_says_so() -> None:
    nowhere = "postgres://nobody@127.0.0.1:1/nothing"
    valid = command("validate", str(SHIPPED), database=nowhere)
    assert (valid.returncode, valid.stderr) == (0, "")
    failed = command("list", database=nowhere)
    assert failed.returncode == 2
    assert failed.stderr.startswith("CommandError: the database does not answer as it should: ")
    assert len(failed.stderr.splitlines()) == 1
