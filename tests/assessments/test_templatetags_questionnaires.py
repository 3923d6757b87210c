"""Markdown in questionnaires: what it may say, and that nobody's text becomes code."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from time import process_time

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from assessments.templatetags.questionnaires import markdown
from tests.factories import make_version, shipped_definition


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("Plain.", "<p>Plain.</p>"),
        ("One.\n\nTwo *em* `code`.", "<p>One.</p>\n<p>Two <em>em</em> <code>code</code>.</p>"),
        ("**strong**", "<p><strong>strong</strong></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("model_release_date", "<p>model_release_date</p>"),
        ("# not a heading", "<p># not a heading</p>"),
        (
            "[docs](https://example.org/a?b=1&c=2)",
            '<p><a href="https://example.org/a?b=1&amp;c=2" rel="noopener nofollow">docs</a></p>',
        ),
        ("[a](mailto:a@b.org)", '<p><a href="mailto:a@b.org" rel="noopener nofollow">a</a></p>'),
    ],
)
def test_what_markdown_becomes(text: str, html: str) -> None:
    assert markdown(text).strip() == html


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    for tag, attributes in Tags(html).found:
        assert tag in {"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "strong", "ul"}
        if tag == "a":
            assert attributes.keys() <= {"href", "rel"}
            assert attributes["rel"] == "noopener nofollow"
            address = attributes.get("href") or ""
            scheme = re.match(r"[\s\x00-\x1f]*([a-zA-Z][a-zA-Z0-9+.-]*):", address)
            assert scheme is None or scheme[1].lower() in {"http", "https", "mailto"}
        else:
            assert attributes == {}


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<style>*{display:none}</style>",
    '<a href="javascript:alert(1)" onclick=alert(1)>x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    '[x](https://example.org "onmouseover=alert(1)")',
    '[x](https://example.org/"onmouseover="alert(1))',
    "![x](https://example.org/track.png)",
    '![x](x"onerror="alert(1))',
    "<javascript:alert(1)>",
    '```html"onclick=alert(1)\n<script>alert(1)</script>\n```',
    "[x]: javascript:alert(1)\n\n[x]",
    "<!--><script>alert(1)</script>-->",
    "<iframe src=//example.org></iframe><form action=//example.org><input></form>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless(text: str) -> None:
    assert_harmless(markdown(text))


@given(st.lists(st.sampled_from([*HOSTILE, "*", "[", "](", "`", "\n\n", "> ", "- ", "<", '"', "&#", "x"]), max_size=12))
def test_hostile_pieces_are_harmless_together(pieces: list[str]) -> None:
    assert_harmless(markdown("".join(pieces)))


@pytest.mark.parametrize("piece", ["[", "*a ", "`", "> ", "- ", "![", "<", "**_", "[a](", "&", "\\"])
def test_no_text_takes_long(piece: str) -> None:
    start = process_time()
    markdown(piece * (2000 // len(piece)))
    assert process_time() - start < 2


@pytest.mark.django_db
def test_the_survey_shows_help_as_markdown_and_questions_as_text(client: Client) -> None:
    data = shipped_definition()
    question = data["dimensions"][0]["questions"][0]
    question |= {
        "text": "Is it *so*?",
        "help": "Yes if **all** do.\n\n<script>alert(1)</script>",
        "evidence": "A `log`",
    }
    make_version(data)
    client.post(reverse("try"))
    page = client.get(reverse("try_questions", args=["data_management"])).content.decode()
    assert "Is it *so*?" in page
    assert "<p>Yes if <strong>all</strong> do.</p>\n<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>" in page
    assert "<p>A <code>log</code></p>" in page
