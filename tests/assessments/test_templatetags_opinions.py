"""What people typed and what questionnaires say comes escaped out of the filters that write a result's HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from assessments.definition import Choice, Guidance
from assessments.selectors.opinions import Agreement, Bar, Note, Notes, Opinion
from assessments.templatetags.opinions import bars, disagreement, guidance_html, level_html, note_items, said
from tests.definitions import five_by_five

SCRIPT = "<script>\"'&"
ESCAPED = "&lt;script&gt;&quot;&#x27;&amp;"


def opinion() -> Opinion:
    dimension = five_by_five().dimensions[0]
    question = replace(dimension.questions[0], choices=(Choice(SCRIPT, SCRIPT, None),))
    return Opinion(
        question=question,
        dimension=dimension,
        bars=[Bar(SCRIPT, 2, is_excluded=False)],
        unanswered=1,
        disagreement=0.5,
        agreements=[Agreement(SCRIPT, SCRIPT, SCRIPT)],
        notes=Notes([], 2),
    )


def test_bars_and_counts_are_escaped() -> None:
    for html in (bars(opinion()), said(opinion())):
        assert SCRIPT not in html
        assert ESCAPED in html


def test_bars_tell_how_many_of_all_and_who_did_not_answer() -> None:
    assert re.findall(r'value="(\d)" max="(\d)"', bars(opinion())) == [("2", "3"), ("1", "3")]
    assert "No answer" in bars(opinion())


def test_the_line_has_badges_for_a_consensus_and_notes() -> None:
    badges = r'<span class="badge [\w-]+">(.*?)</span>'
    assert re.findall(badges, said(opinion())) == ["Consensus", "2 notes"]
    assert re.findall(badges, said(replace(opinion(), agreements=[], notes=Notes()))) == []
    assert re.findall(badges, disagreement(opinion())) == ["Some disagreement, 50 %"]
    assert disagreement(replace(opinion(), disagreement=None)) == ""


def test_every_part_of_a_note_is_escaped() -> None:
    html = note_items([Note(SCRIPT, SCRIPT, SCRIPT, SCRIPT, SCRIPT), Note("One\nTwo", "")])
    assert SCRIPT not in html
    assert html.count(ESCAPED) == 6  # the link stands in its address and its text
    assert '<span class="text-break">One<br>Two</span>' in html


def test_what_is_made_once_is_told_apart_and_escaped() -> None:
    plain = five_by_five().levels[0]
    assert ESCAPED in level_html(replace(plain, name=SCRIPT))
    assert ESCAPED not in level_html(plain)
    told = [guidance_html(Guidance("Do it.", "Done.", Fraction(2), tools, (), "", ())) for tools in ((), (SCRIPT,))]
    assert [ESCAPED in html for html in told] == [False, True]
    assert "about 2 person-weeks" in told[0]
