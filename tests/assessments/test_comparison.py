"""docs/comparison.md, its golden tables and the properties that hold for any rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.comparison import (
    Change,
    Column,
    Gap,
    Period,
    Quarter,
    compare,
    moves,
    project,
    scores_alike,
    shared_definition,
    with_gaps,
)
from assessments.definition import Choice, Definition
from assessments.models.rounds import quarter_days
from assessments.scoring import score_card
from mlops_maturity.env import CHECKOUT
from tests.definitions import CHOICES, definition, definitions, dimension, five_by_five, question, responses, statements

CHOICE_OF = {"y": "yes", "n": "no", "s": "not_sure", "h": "partly", "x": "not_applicable"}
NONE = "–"


def table(section: str) -> list[list[str]]:
    """Return the rows of a section's golden table."""
    text = (CHECKOUT / "docs" / "comparison.md").read_text().partition(f"## {section}\n")[2].partition("\n## ")[0]
    rows = [line.removeprefix("|").removesuffix("|").split("|") for line in text.splitlines() if line.startswith("|")]
    assert len(rows) > 3
    return [[cell.strip() for cell in row] for row in rows[2:]]


def quarter(text: str) -> Quarter:
    number, year = text.strip().removeprefix("Q").split()
    return Quarter(int(year), int(number))


def period(text: str) -> Period:
    return Period(*quarter_days(*quarter(text)))


def score(text: str) -> Fraction | None:
    return None if text == NONE else Fraction(text)


def column(text: str, key: int = 0) -> Column:
    return Column(key, text, period(text), None, "no answers")


class TestGaps:
    @pytest.mark.parametrize("row", table("Columns and gaps"), ids=lambda row: row[0])
    def test_golden_table(self, row: list[str]) -> None:
        _case, chosen, others, expected = row

        columns = with_gaps(
            [column(text.strip(), key) for key, text in enumerate(chosen.split(","))],
            [period(text) for text in others.split(",") if text],
        )

        assert ", ".join(self.written(column) for column in columns) == expected

    @staticmethod
    def written(column: Column | Gap) -> str:
        if isinstance(column, Column):
            return column.label
        first, last = (f"Q{quarter.number} {quarter.year}" for quarter in (column.first, column.last))
        return f"–{first}" if first == last else f"–{first}–{last}"

    @given(st.lists(st.integers(8000, 8060), min_size=1, max_size=12), st.lists(st.integers(8000, 8060)))
    def test_every_quarter_between_is_covered_once(self, chosen: list[int], others: list[int]) -> None:
        columns = [Column(at, "", Period(*quarter_days(*Quarter.at(at))), None) for at in sorted(chosen)]

        result = with_gaps(columns, [Period(*quarter_days(*Quarter.at(at))) for at in others])

        missing = [
            at for gap in result if isinstance(gap, Gap) for at in range(gap.first.position, gap.last.position + 1)
        ]
        assert [column for column in result if isinstance(column, Column)] == columns
        assert missing == sorted(set(range(min(chosen), max(chosen))) - set(chosen) - set(others))

    def test_a_period_covers_every_quarter_it_touches(self) -> None:
        long = Period(quarter_days(2026, 1)[0], quarter_days(2026, 3)[1])

        assert with_gaps([Column(1, "", long, None), column("Q4 2026")], []) == (
            Column(1, "", long, None),
            column("Q4 2026"),
        )


class TestChanges:
    @pytest.mark.parametrize("row", table("Changes"), ids=lambda row: f"{row[0]} to {row[1]}")
    def test_golden_table(self, row: list[str]) -> None:
        before, after, amount, direction, _words = row

        change = Change("Q2 2026", score(before), score(after))

        assert change.amount == score(amount)
        assert change.direction == direction

    def test_each_round_is_compared_with_the_one_before_also_over_a_gap(self) -> None:
        asked = five_by_five()
        first, second, third = (
            Column(n, label, period(label), score_card(asked, [dict.fromkeys(asked.questions, choice)]))
            for n, (label, choice) in enumerate([("Q1 2026", "no"), ("Q3 2026", "yes"), ("Q4 2026", "partly")])
        )

        found = compare(asked, [third, first, second])

        assert found.columns == (first, Gap(Quarter(2026, 2), Quarter(2026, 2)), second, third)
        assert found.rounds == [first, second, third]
        assert [row.key for row in found.rows] == [None, *(dimension.key for dimension in asked.dimensions)]
        for row in found.rows:
            assert row.scores == (Fraction(0), None, Fraction(5), Fraction(5, 2))
            assert row.changes == (None, None, Change("Q1 2026", Fraction(0), Fraction(5)), row.changes[3])
            assert row.changes[3] == Change("Q3 2026", Fraction(5), Fraction(5, 2))
            assert row.total == Change("Q1 2026", Fraction(0), Fraction(5, 2))
            assert row.projection is not None
            assert row.projection.quarter == Quarter(2027, 1)

    def test_a_round_without_a_card_has_no_score(self) -> None:
        asked = five_by_five()
        card = score_card(asked, [dict.fromkeys(asked.questions, "yes")])

        found = compare(asked, [column("Q1 2026"), Column(1, "Q2 2026", period("Q2 2026"), card)])

        assert {row.scores for row in found.rows} == {(None, Fraction(5))}
        assert {row.total.direction for row in found.rows if row.total} == {"unknown"}

    def test_one_round_alone_has_no_change(self) -> None:
        found = compare(five_by_five(), [column("Q1 2026")])

        assert {(row.changes, row.total, row.projection) for row in found.rows} == {((None,), None, None)}

    @given(st.data(), definitions())
    def test_changes_add_up(self, data: st.DataObject, asked: Definition) -> None:
        everybody = data.draw(st.lists(st.lists(responses(asked), max_size=3), min_size=2, max_size=6))
        columns = [
            Column(n, str(n), Period(*quarter_days(2020 + n, 1)), score_card(asked, given))
            for n, given in enumerate(everybody)
        ]

        for row in compare(asked, columns).rows:
            changes = [change.amount for change in row.changes if change]
            assert len(changes) == len(columns) - 1
            if row.total and None not in changes:
                assert row.total.amount == sum(amount for amount in changes if amount is not None)


class TestMoves:
    @pytest.mark.parametrize("row", table("Practices gained and lost"), ids=lambda row: row[0])
    def test_golden_table(self, row: list[str]) -> None:
        _case, before, after, expected = row
        is_ladder = before.isdigit()
        asked = definition(
            dimension(
                "d",
                question(
                    "d.1", kind="ladder" if is_ladder else "practice", choices=statements() if is_ladder else CHOICES
                ),
            )
        )
        cards = [
            score_card(asked, [{} if c == "." else {"d.1": CHOICE_OF.get(c, c)} for c in given])
            for given in (before, after)
        ]

        found = moves(asked, *cards)

        verdicts = {"gained": found.gained, "lost": found.lost, "mover": found.movers}
        said = [f"{verdict} {move.share}" for verdict, listed in verdicts.items() for move in listed]
        assert (said or [NONE]) == [expected]

    def test_the_furthest_five_move_most(self) -> None:
        asked = definition(dimension("d", *(question(f"d.{n}") for n in range(7))))
        people = [{f"d.{n}": "yes" if person < n else "no" for n in range(7)} for person in range(7)]

        found = moves(asked, score_card(asked, [dict.fromkeys(asked.questions, "no")]), score_card(asked, people))

        assert [move.question.key for move in found.movers] == ["d.6", "d.5", "d.4", "d.3", "d.2"]

    @given(st.data(), definitions())
    def test_backwards_what_was_gained_is_lost(self, data: st.DataObject, asked: Definition) -> None:
        one, other = (
            score_card(asked, given)
            for given in data.draw(st.tuples(*[st.lists(responses(asked), max_size=3)] * 2), label="answers")
        )

        forth, back = moves(asked, one, other), moves(asked, other, one)

        assert [move.question for move in forth.gained] == [move.question for move in back.lost]
        assert [move.question for move in forth.lost] == [move.question for move in back.gained]
        assert {move.question.key for move in forth.movers} == {move.question.key for move in back.movers}


class TestProjection:
    @pytest.mark.parametrize("row", table("Projection"), ids=lambda row: row[0])
    def test_golden_table(self, row: list[str]) -> None:
        _case, given, following, *expected = row
        pairs = [part.split(":") for part in given.split(",")]
        scores = [(quarter(when), Fraction(value.strip())) for when, value in pairs]

        found = project(scores, scores[-1][0], Fraction(5))

        assert [found.score, found.low, found.high] if found else [score(text) for text in expected] == [None] * 3
        if found:
            assert [found.score, found.low, found.high] == [score(text) for text in expected]
            assert found.quarter == quarter(following)

    @given(
        st.lists(
            st.tuples(st.integers(8000, 8040).map(Quarter.at), st.fractions(0, 5, max_denominator=20)), max_size=14
        )
    )
    def test_it_stays_on_the_scale_and_within_its_bounds(self, scores: Sequence[tuple[Quarter, Fraction]]) -> None:
        found = project(sorted(scores), Quarter(2012, 4), Fraction(5))

        assert (found is None) == (len({at for at, _ in sorted(scores)[-8:]}) < 3)
        if found:
            assert 0 <= found.low <= found.score <= found.high <= 5

    @given(
        st.fractions(1, 2, max_denominator=10),
        st.fractions(Fraction(-1, 10), Fraction(1, 4), max_denominator=20),
        st.lists(st.integers(0, 9), min_size=3, max_size=8, unique=True),
    )
    def test_a_straight_line_goes_on(self, start: Fraction, slope: Fraction, at: list[int]) -> None:
        scores = [(Quarter.at(8000 + n), start + slope * n) for n in sorted(at)]

        found = project(scores, scores[-1][0], Fraction(5))

        assert found is not None
        assert found.low == found.score == found.high == start + slope * (max(at) + 1)


class TestSharedQuestions:
    OLD = definition(
        dimension("a", question("a.1"), question("a.2"), question("a.3")),
        dimension("b", question("b.1")),
        dimension("c", question("c.1")),
    )

    def test_one_version_is_compared_as_it_is(self) -> None:
        shared = shared_definition([self.OLD, self.OLD])

        assert shared.definition is self.OLD
        assert shared.left_out == ()

    def test_what_is_not_shared_is_left_out_and_said(self) -> None:
        new = definition(
            dimension("a", question("a.1"), question("a.2", kind="ladder", choices=statements()), question("a.4")),
            dimension("b", question("b.1", choices=CHOICES[:3])),
            dimension("c", question("c.1", level=3, weight=2)),
        )

        shared = shared_definition([self.OLD, new])

        assert list(shared.definition.questions) == ["a.1", "c.1"]
        assert [dimension.key for dimension in shared.definition.dimensions] == ["a", "c"]
        assert shared.definition.questions["c.1"] == new.questions["c.1"]
        assert [(left.question.key, left.dimension.key, left.why) for left in shared.left_out] == [
            ("a.2", "a", "changed"),
            ("a.4", "a", "not asked"),
            ("b.1", "b", "changed"),
            ("a.3", "a", "not asked"),
        ]

    def test_a_choice_that_does_not_count_may_come_or_go(self) -> None:
        """Answers with it are scored by the shared questions too, whichever version has it."""
        counted = CHOICES[:4]
        old, new = (definition(dimension("a", question("a.1", choices=choices))) for choices in (CHOICES, counted))
        for versions in ([old, new], [new, old]):
            shared = shared_definition(versions)
            assert shared.left_out == ()
            card = score_card(shared.definition, [{"a.1": "not_applicable"}, {"a.1": "yes"}])
            assert card.overall == 5

    def test_a_question_may_move_to_another_dimension(self) -> None:
        new = definition(dimension("b", question("a.1"), question("b.1")))

        shared = shared_definition([self.OLD, new])

        assert shared.definition == new
        assert {left.why for left in shared.left_out} == {"not asked"}

    def test_a_ladder_on_another_scale_has_changed(self) -> None:
        old, new = (
            definition(dimension("d", question("d.1", kind="ladder", choices=statements())), top=top) for top in (5, 6)
        )

        shared = shared_definition([old, new])

        assert shared.definition.dimensions == ()
        assert [left.why for left in shared.left_out] == ["changed"]

    def test_words_do_not_count_weights_and_worth_do(self) -> None:
        [first, *rest] = self.OLD.dimensions
        reworded = replace(
            self.OLD,
            title="Other",
            dimensions=(
                replace(
                    first,
                    title="Other",
                    questions=tuple(
                        replace(q, text="Other?", choices=tuple(Choice(c.key, "Other", c.value) for c in q.choices))
                        for q in first.questions
                    ),
                ),
                *rest,
            ),
        )
        reweighted = replace(self.OLD, dimensions=(replace(first, weight=Fraction(2)), *rest))

        assert scores_alike(self.OLD, reworded)
        assert not scores_alike(self.OLD, reweighted)
        assert shared_definition([self.OLD, reworded]).left_out == ()

    @given(st.lists(definitions(), min_size=1, max_size=4))
    def test_what_is_shared_and_what_is_left_out_is_all_there_is(self, versions: list[Definition]) -> None:
        shared = shared_definition(versions)

        kept, left = set(shared.definition.questions), [left.question.key for left in shared.left_out]
        assert len(left) == len(set(left))
        assert kept.isdisjoint(left)
        assert kept | set(left) == {key for version in versions for key in version.questions}
        assert all(key in version.questions for key in kept for version in versions)

    @given(st.data(), definitions(), definitions())
    def test_answers_to_any_version_can_be_scored_by_what_is_shared(
        self, data: st.DataObject, old: Definition, new: Definition
    ) -> None:
        shared = shared_definition([old, new]).definition
        for version in (old, new):
            answers = data.draw(responses(version))

            card = score_card(shared, [{key: choice for key, choice in answers.items() if key in shared.questions}])

            assert card.overall is None or 0 <= card.overall <= new.scoring.max
