"""Files that are given back: as they were written, with the changes made in them, else in canonical form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from assessments.questionnaires.files import dump, read, read_valid, valid
from assessments.questionnaires.patching import written
from assessments.services.questionnaires import import_definition
from tests.definitions import mappings
from tests.factories import SHIPPED, shipped_definition

SOURCE = """\
# Ours since 2026.
title: Release basics   # short, please
slug: release-basics
source: {title: Written here, url: "", licence: MIT}
locale: en

# Two answers are enough.
choices:
  - {key: "yes", label: "Yes", value: 1}   # full
  - {key: "no", label: 'No', value: 0}
scoring: {method: count, combine: mean, max: 2}
levels:
- {number: 0, name: By hand, min_score: 0}
- {number: 1, name: Repeatable, min_score: 1}
dimensions:
  - key: release
    title: Release
    questions:
      # The oldest question.
      - key: release.containers
        kind: practice
        level: 1
        text: Is there an image?
        help: >-
          Yes, if it is
          built by a machine.

      # The newest question.
      - key: release.pipeline
        kind: practice
        level: 1   # agreed
        text: Is there a pipeline?
"""


def changed(**changes: Any) -> dict[str, Any]:
    return read_valid(SOURCE) | changes


def questions(data: dict[str, Any]) -> Any:
    return data["dimensions"][0]["questions"]


def test_a_file_is_given_back_as_it_was_written() -> None:
    assert written(read_valid(SOURCE), SOURCE) == SOURCE


def test_without_a_file_it_is_canonical() -> None:
    assert written(read_valid(SOURCE)) == dump(read_valid(SOURCE))


def lines_changed(new: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the lines that a file lost and gained."""
    text = written(new, SOURCE)
    assert read(text).data == new
    before = [" ".join(line.split()) for line in SOURCE.splitlines()]
    after = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in before if line not in after], [line for line in after if line not in before]


def test_a_changed_value_changes_its_line_and_keeps_its_comment() -> None:
    new = changed(title="Release, the basics")
    questions(new)[1]["level"] = 1.0  # equal, so left as it is
    questions(new)[1]["text"] = "Is a pipeline there?"
    assert lines_changed(new) == (
        ["title: Release basics # short, please", "text: Is there a pipeline?"],
        ["title: Release, the basics # short, please", "text: Is a pipeline there?"],
    )


def test_a_folded_text_keeps_what_follows_it() -> None:
    new = changed()
    questions(new)[0]["help"] = "Only if a machine builds it, and nobody else can."
    assert lines_changed(new) == (
        ["Yes, if it is", "built by a machine."],
        ["Only if a machine builds it, and nobody else can."],
    )
    assert "can.\n\n      # The newest question.\n" in written(new, SOURCE)


def test_what_is_added_and_removed_leaves_the_rest() -> None:
    new = changed(description="What a release takes.")
    new["levels"].append({"number": 2, "name": "Automatic", "min_score": 2})
    del questions(new)[1]
    removed, added = lines_changed(new)
    assert removed == [
        "- key: release.pipeline",
        "level: 1 # agreed",
        "text: Is there a pipeline?",
    ]
    assert added == ["- number: 2", "name: Automatic", "min_score: 2", "description: What a release takes."]
    assert written(new, SOURCE).startswith("# Ours since 2026.\n")


def test_what_moves_takes_its_comments_along() -> None:
    new = changed()
    new["choices"].reverse()
    assert lines_changed(new) == ([], [])
    text = written(new, SOURCE)
    assert text.index('key: "no"') < text.index('key: "yes"') < text.index("# full")


@pytest.mark.parametrize("source", ["", "slug: [", "title: 2026-02-31\n", "- 1\n", "# only this\n"])
def test_what_cannot_be_patched_is_written_canonically(source: str) -> None:
    new = changed(title="New")
    assert written(new, source) == dump(new)


def test_the_shipped_file_changes_in_one_place_only() -> None:
    source = SHIPPED.read_text("utf-8")
    new = shipped_definition()
    new["levels"][2]["name"] = "Another"
    text = written(new, source)
    assert set(source.splitlines()) - set(text.splitlines()) == {"    name: Automated Training"}
    assert set(text.splitlines()) - set(source.splitlines()) == {"    name: Another"}


def with_comments(text: str) -> str:
    """Return a canonical file with comments wherever an entry begins, except in texts."""
    return "# Ours.\n" + "".join(
        f"# before\n{line}" if line[0].isalpha() else line for line in text.splitlines(keepends=True)
    )


@given(mappings())
def test_every_file_is_read_as_what_was_written_and_given_back_as_it_was(data: dict[str, Any]) -> None:
    text = dump(data)
    assert read_valid(text) == data
    assert dump(read_valid(text)) == text
    source = with_comments(text)
    assert written(read_valid(source), source) == source


@settings(max_examples=40)
@given(mappings(), mappings())
def test_a_file_patched_says_what_it_should(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert read_valid(written(new, with_comments(dump(old)))) == new


@settings(max_examples=25)
@given(mappings())
def test_a_new_title_leaves_every_comment(data: dict[str, Any]) -> None:
    source = with_comments(dump(data))
    text = written(data | {"title": "A new title"}, source)
    assert text.count("# before\n") == source.count("# before\n")


@pytest.mark.django_db
@settings(max_examples=25)
@given(mappings())
def test_export_import_and_export_is_the_identity(data: dict[str, Any]) -> None:
    text = with_comments(dump(data))
    document = read(text)
    version, _is_new = import_definition(data=valid(document), source=document.text)
    version.refresh_from_db()
    exported = written(version.definition, version.source)
    assert exported == text
    assert import_definition(data=read_valid(exported), source=exported) == (version, False)
    version.refresh_from_db()
    assert written(version.definition, version.source) == text
