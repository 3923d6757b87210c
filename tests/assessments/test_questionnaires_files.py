"""Questionnaire files: what reading refuses and on which line, and that writing and reading give the same back."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.questionnaires.files import MAX_BYTES, MAX_VALUES, dump, load_shipped, read, read_valid, shipped
from assessments.questionnaires.validation import SCHEMA, QuestionnaireError
from mlops_maturity.env import CHECKOUT
from tests.factories import SHIPPED, shipped_definition

ANCHOR = "anchors (&name) and aliases (*name) are not allowed; write it out, or quote the text."
TAG = "tags (!name) are not allowed; delete it, or quote the text."
BOMB = "\n".join(
    [
        "a: &a [x, x, x, x, x, x, x, x, x]",
        *(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise("abcdefghi")),
    ]
)


def refusal(source: Path | bytes | str, name: str = "q.yaml") -> str:
    with pytest.raises(QuestionnaireError) as caught:
        read(source, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param(BOMB, 1, ANCHOR, id="bomb"),
        pytest.param("a: &a\n  - *a", 1, ANCHOR, id="endless"),
        pytest.param("title: x\nnote: *missing", 2, ANCHOR, id="alias"),
        pytest.param("&a title: x", 1, ANCHOR, id="anchor on a key"),
        pytest.param("title: !!python/object/apply:os.system [ls]", 1, TAG, id="object"),
        pytest.param("slug: x\ntitle: !!str 5", 2, TAG, id="harmless tag"),
        pytest.param("slug: x\n!!str title: 5", 2, TAG, id="tag on a key"),
        pytest.param("levels:\n  - !level {name: x}", 2, TAG, id="own tag"),
        pytest.param(
            "title: x\nslug: y\ntitle: z",
            3,
            "the key 'title' stands twice in one group; delete one of them.",
            id="twice",
        ),
        pytest.param(
            "scoring:\n  max: 5\n  'max': 4",
            3,
            "the key 'max' stands twice in one group; delete one of them.",
            id="twice inside, once quoted",
        ),
        pytest.param(
            "a: 1\n? [b]\n: 2", 2, "a group or list cannot be a key; put quotes around the text.", id="list as key"
        ),
        pytest.param(
            "a: 1\n---\nb: 2", 3, "a second document starts here; keep one questionnaire in a file.", id="two documents"
        ),
        pytest.param("", 1, "is empty; the files in docs/ show what to write.", id="empty"),
        pytest.param("# only a remark\n", 1, "is empty; the files in docs/ show what to write.", id="remark"),
        pytest.param("a: 1\nb: x\0y", 2, "holds the invisible character U+0000; delete it.", id="invisible"),
        pytest.param(
            "[" * 50, 1, "groups are nested more than 20 deep here; a questionnaire needs 8.", id="deep, in one line"
        ),
        pytest.param(
            "\n".join("  " * n + "a:" for n in range(30)),
            22,
            "groups are nested more than 20 deep here; a questionnaire needs 8.",
            id="deep",
        ),
        pytest.param(
            "a:\n" + "- x\n" * (MAX_VALUES + 1),
            MAX_VALUES - 1,
            "there are more than 50,000 values up to here; leave some out.",
            id="many",
        ),
    ],
)
def test_what_is_unsafe_is_refused_on_its_line(text: str, line: int, message: str) -> None:
    assert refusal(text) == f"q.yaml:{line}: the file: {message}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("title: x\nslug: [a, b\nlocale: en", 3, id="open bracket"),
        pytest.param('title: x\nslug: "a\nlocale: en', 3, id="open quote"),
        pytest.param("title: x\nslug: a: b", 2, id="colon in text"),
        pytest.param("title: x\n slug: a", 2, id="indentation"),
        pytest.param("title: x\n\tslug: a", 2, id="tab"),
        pytest.param("levels:\n  - number: 0\n- number: 1", 3, id="list indentation"),
        pytest.param("title: `x`", 1, id="backtick"),
        pytest.param("%TAG x", 1, id="directive"),
        pytest.param('a: 1\nb: "\\q"', 2, id="escape"),
    ],
)
def test_broken_yaml_is_refused_on_its_line(text: str, line: int) -> None:
    assert refusal(text).startswith(f"q.yaml:{line}: the file: is not valid YAML: ")
    assert refusal(text).endswith(". Check quotes, colons and indentation here and just above.")
    assert "\n" not in refusal(text)


def test_an_escape_beyond_unicode_is_refused() -> None:
    assert refusal('a: "\\UFFFFFFFF"') == (
        'q.yaml: the file: an escape such as "\\UFFFFFFFF" stands for no character; delete it.'
    )


def test_other_encodings_are_refused_on_the_line_of_the_first_wrong_byte() -> None:
    assert refusal("title: x\nname: Prüfung".encode("latin-1")) == (
        "q.yaml:2: the file: is not UTF-8 text; save the file with that encoding."
    )
    assert "is not UTF-8" in refusal("title: x".encode("utf-16"))


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    file.write_bytes(b"[" * (MAX_BYTES + 1))
    assert refusal(file, "") == f"{file}: the file: is larger than 2 MB; shorten its texts."


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.yaml", "").endswith("no.yaml: the file: cannot be read: No such file or directory.")
    assert refusal(tmp_path, "").endswith("the file: cannot be read: Is a directory.")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("No", "No"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("5", 5),
        ("-5", -5),
        ("007", 7),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'5'", "5"),
        ('""', ""),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("2026-01-01", "2026-01-01"),
        ("9" * 5000, float("inf")),
        ("<<", "<<"),
    ],
)
def test_what_an_unquoted_value_means(text: str, value: Any) -> None:
    data = read(f"a: {text}").data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read(b"\xef\xbb\xbfa: 1").data == {"a": 1}


def test_lines_are_known_by_path() -> None:
    assert read("a: 1\nb:\n  - x\n  - c: 2\n    d: >-\n      text\n").lines == {
        (): 1,
        ("a",): 1,
        ("b",): 2,
        ("b", 0): 3,
        ("b", 1): 4,
        ("b", 1, "c"): 4,
        ("b", 1, "d"): 5,
    }


def test_problems_name_the_line_of_the_value_or_of_what_lacks_it() -> None:
    lines = SHIPPED.read_text("utf-8").splitlines()
    broken = [line for line in lines if line != "title: MLOps maturity assessment"]
    broken[broken.index("  max: 5")] = "  max: five"
    with pytest.raises(QuestionnaireError) as caught:
        read_valid("\n".join(broken).encode(), "q.yaml")
    missing, wrong = str(caught.value).splitlines()
    assert missing == "q.yaml:2: title: is missing; add a line 'title: …' here."
    assert wrong.startswith(f"q.yaml:{broken.index('  max: five') + 1}: scoring.max: must be a number")


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text("ab \n:#-'\"|>{}[],&*!%@`?\t\\0123456789~.eE+nulltrue", max_size=40),
    st.text("ab  .:\n", min_size=60, max_size=300),
    st.sampled_from(
        ["yes", "No", "on", "null", "~", "true", "1e3", "0x1F", "2026-01-01", "=", "<<", "---", "...", "?"]
    ),
)


@given(text=TEXTS, number=st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False))
def test_reading_what_was_written_gives_the_same_back(text: str, number: float) -> None:
    mapping = {
        "slug": text,
        "description": text,
        "scoring": {"max": number},
        "choices": [{"key": text, "label": text, "excluded": True}],
        "levels": [{"number": 0, "team": [{"role": text, "skills": [text, text], "responsibilities": []}]}],
    }
    written = dump(mapping)
    assert read(written).data == mapping
    assert dump(read(written).data) == written


def test_writing_is_canonical() -> None:
    data = shipped_definition()
    shuffled = dict(reversed(data.items()))
    shuffled["levels"] = [dict(reversed(level.items())) for level in data["levels"]]
    assert dump(shuffled) == dump(data)
    assert read_valid(dump(data)) == data


def test_written_text_is_fit_to_read_and_edit() -> None:
    data = shipped_definition()
    data["dimensions"][0]["questions"][0]["help"] = "One.\n\nTwo."
    written = dump(data)
    assert '- key: "yes"\n' in written
    assert "description: >-\n" in written
    assert "help: |-\n          One.\n\n          Two.\n" in written
    assert not [line for line in written.splitlines() if line != line.rstrip() or len(line) > 140]


def test_the_shipped_files_are_named_by_their_slug() -> None:
    assert {slug: load_shipped(slug).slug for slug in shipped()} == {slug: slug for slug in shipped()}
    assert "mlops-maturity" in shipped()
    with pytest.raises(KeyError):
        load_shipped("unknown")


def test_the_documentation_shows_a_valid_file_and_the_form_of_its_errors() -> None:
    documentation = (CHECKOUT / "docs" / "questionnaires.md").read_text("utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", documentation, re.DOTALL)
    assert read_valid(example)["slug"] == "release-basics"
    with pytest.raises(QuestionnaireError) as caught:
        read_valid(example.replace("level: 2\n", "level: 3\n"), "release-basics.yaml")
    assert f"```\n{caught.value}\n```" in documentation


def keys_in(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(keys_in, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", ())).union(*map(keys_in, schema.values()))


def test_the_documentation_names_every_key() -> None:
    documentation = (CHECKOUT / "docs" / "questionnaires.md").read_text("utf-8")
    keys = keys_in(SCHEMA)
    assert {"slug", "min_score", "requires", "excluded"} <= keys
    assert {key for key in keys if f"`{key}`" not in documentation} == set()
