"""docs/business-case.md: its assumptions, its golden table, and the properties that hold for every case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_maturity.env import CHECKOUT
from roadmaps.assumptions import ASSUMPTIONS, CURRENCIES, PARTS, Estimate, OutOfOrder, assumed, estimates, is_given
from roadmaps.business_case import COSTS, HORIZON, STREAMS, TIMING, Forecast, Step, at, business_case, forecast

NOTHING = {**dict.fromkeys(ASSUMPTIONS, 0.0), "ramp_months": 1.0}
NONE = "–"


def table(section: str) -> list[list[str]]:
    """Return the rows of the table below a heading of docs/business-case.md."""
    text = (
        (CHECKOUT / "docs" / "business-case.md")
        .read_text("utf-8")
        .partition(f"## {section}\n")[2]
        .partition("\n## ")[0]
    )
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def read_steps(text: str) -> Iterator[Step]:
    for words in filter(None, text.split(";")):
        months, what = words.split()
        first, last = months.split("–")
        weeks, levels, tools = what.split("/")
        yield Step(int(first), int(last), float(weeks), float(levels), int(tools))


# -- The document ------------------------------------------------------------------------------------------------------


def test_the_document_lists_the_assumptions() -> None:
    rows = {
        key: (unit, Estimate(*map(float, ends)), weighs) for key, unit, *ends, weighs, _why in table("What goes in")
    }

    assert rows == {row.key: (row.unit, row.range, row.weighs) for row in ASSUMPTIONS.values()}


@pytest.mark.parametrize("row", table("Golden table"), ids=lambda row: row[0])
def test_golden_table(row: list[str]) -> None:
    _case, figures, steps, yearly, cost, npv, payback, break_even = row
    given_figures = {key: float(value) for key, value in (word.split("=") for word in figures.split())}

    found = forecast({**NOTHING, **given_figures}, list(read_steps(steps)))

    assert f"{found.yearly_benefit:.2f}" == yearly
    assert f"{found.total_cost:.2f}" == cost
    assert f"{found.npv:.2f}" == npv
    assert str(found.payback_month or NONE) == payback
    assert (NONE if found.break_even is None else f"{found.break_even:.4f}") == break_even


# -- Properties --------------------------------------------------------------------------------------------------------

amounts = st.floats(0, 1_000_000, allow_nan=False)


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    def step() -> Step:
        first = draw(st.integers(1, HORIZON + 4))
        return Step(
            first_month=first,
            last_month=draw(st.integers(first, first + 6)),
            weeks=draw(st.floats(0, 100)),
            levels=draw(st.floats(0, 2)),
            tools=draw(st.integers(0, 3)),
        )

    return [step() for _ in range(draw(st.integers(0, 6)))]


def inside(row_least: float, row_most: float) -> st.SearchStrategy[float]:
    return st.floats(row_least, min(row_most, 1_000_000), allow_nan=False)


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, Estimate]:
    """Some low, expected and high figures that keep to what each assumption can be."""
    return {
        row.key: Estimate(*sorted(draw(inside(row.least, row.most)) for _ in PARTS)) for row in ASSUMPTIONS.values()
    }


def slightly_under(value: float) -> float:
    """What floating point may lose."""
    return value - 1e-9 * abs(value) - 1e-6


@given(ranges(), steps())
def test_low_is_at_most_expected_is_at_most_high(drawn: dict[str, Estimate], drawn_steps: list[Step]) -> None:
    case = business_case(drawn, drawn_steps)

    for worse, better in ((case.low, case.expected), (case.expected, case.high)):
        assert all(a >= slightly_under(b) for a, b in zip(better.cumulative, worse.cumulative, strict=True))
        assert better.npv >= slightly_under(worse.npv)
        assert better.yearly_benefit >= slightly_under(worse.yearly_benefit)
        assert worse.total_cost >= slightly_under(better.total_cost)


@given(ranges(), steps(), st.sampled_from([row for row in ASSUMPTIONS.values() if row.weighs != "both"]), st.data())
def test_each_assumption_weighs_on_the_side_that_it_says(
    drawn: dict[str, Estimate], drawn_steps: list[Step], row: object, data: st.DataObject
) -> None:
    figures = at("expected", drawn)
    key = getattr(row, "key")  # noqa: B009 - the strategy's type is lost
    assumption = ASSUMPTIONS[key]
    more = data.draw(st.floats(figures[key], assumption.most if assumption.most < 1_000 else figures[key] * 2))

    before = forecast(figures, drawn_steps).npv
    after = forecast({**figures, key: more}, drawn_steps).npv

    scale = 1e-9 * (abs(before) + abs(after)) + 1e-6
    assert after >= before - scale if assumption.weighs == "for" else after <= before + scale


@given(ranges(), steps())
def test_more_levels_are_never_worth_less_and_more_work_never_costs_less(
    drawn: dict[str, Estimate], drawn_steps: list[Step]
) -> None:
    figures = at("expected", drawn)
    before = forecast(figures, drawn_steps)

    higher = forecast(figures, [replace(step, levels=step.levels + 0.5) for step in drawn_steps])
    longer = forecast(figures, [replace(step, weeks=step.weeks + 1) for step in drawn_steps])

    assert sum(higher.benefit) >= slightly_under(sum(before.benefit))
    assert higher.cost == before.cost
    assert longer.total_cost >= slightly_under(before.total_cost)
    assert longer.benefit == before.benefit


@given(ranges(), steps())
def test_net_present_value_is_what_a_straightforward_count_gives(
    drawn: dict[str, Estimate], drawn_steps: list[Step]
) -> None:
    figures = at("expected", drawn)

    found = forecast(figures, drawn_steps)

    counted, scale = straightforward(figures, drawn_steps)
    assert abs(found.npv - counted) <= 1e-9 * scale + 1e-6


def straightforward(figures: Mapping[str, float], drawn_steps: list[Step]) -> tuple[float, float]:
    """Return the present value by the document's formulas, written once more, and the sum of all amounts' sizes.

    It discounts by a factor that shrinks from month to month.
    """
    share = {key: value / 100 for key, value in figures.items() if ASSUMPTIONS[key].unit == "percent"}
    f = {**figures, **share}
    week, worth, scale, factor = f["engineer_cost"] / 44, 0.0, 0.0, 1.0
    hour = week / 40
    for month in range(1, 37):
        factor /= (1 + f["discount_rate"]) ** (1 / 12)
        gained = 0.0
        for step in drawn_steps:
            if month > step.last_month:
                gained += step.levels * min(1.0, (month - step.last_month) / f["ramp_months"])
        left = {cut: (1 - f[cut]) ** gained for cut in ("time_cut", "incident_cut", "toil_cut", "retraining_cut")}
        income = [
            f["new_models"]
            * f["weeks_to_production"]
            * (1 - left["time_cut"])
            * f["people_to_production"]
            * week
            * f["capture"],
            f["new_models"] * f["weeks_to_production"] * (1 - left["time_cut"]) * f["model_value"] / 52,
            f["incidents"] * (1 - left["incident_cut"]) * f["incident_hours"] * hour * f["capture"],
            f["incidents"] * (1 - left["incident_cut"]) * f["incident_loss"],
            f["toil_hours"] * 52 * (1 - left["toil_cut"]) * hour * f["capture"],
            f["models"] * f["retrainings"] * f["retraining_hours"] * (1 - left["retraining_cut"]) * hour * f["capture"],
            f["models"] * f["points_gained"] * gained * f["point_value"],
        ]
        spent = f["one_off_cost"] if month == 1 else 0.0
        for step in drawn_steps:
            work = step.weeks * week * (1 + f["overrun"])
            if step.first_month <= month:
                spent += step.tools * f["tool_cost"] / 12
            if step.first_month <= month <= step.last_month:
                spent += work / (step.last_month - step.first_month + 1)
            if month > step.last_month:
                spent += work * f["upkeep"] / 12
        worth += (sum(income) / 12 - spent) * factor
        scale += (sum(income) / 12 + spent) * factor
    return worth, scale


@given(ranges(), steps())
def test_payback_is_where_the_cumulative_curve_comes_to_stay_above_zero(
    drawn: dict[str, Estimate], drawn_steps: list[Step]
) -> None:
    found = forecast(at("expected", drawn), drawn_steps)

    month = found.payback_month
    if month is None:
        assert found.cumulative[-1] < 0
    else:
        assert all(cash >= 0 for cash in found.cumulative[month - 1 :])
        assert month == 1 or found.cumulative[month - 2] < 0


@given(ranges(), steps())
def test_at_the_break_even_share_of_its_benefits_the_value_is_zero(
    drawn: dict[str, Estimate], drawn_steps: list[Step]
) -> None:
    found = forecast(at("expected", drawn), drawn_steps)
    if found.break_even is None or found.break_even > 1e6:
        return

    share = found.break_even
    scaled = Forecast(
        benefits={stream: tuple(share * amount for amount in row) for stream, row in found.benefits.items()},
        costs=found.costs,
        yearly=found.yearly,
        rate=found.rate,
    )

    assert abs(scaled.npv) <= 1e-9 * found.total_cost + 1e-6


@given(ranges(), steps())
def test_the_tornado_has_what_moves_the_value_most_first(drawn: dict[str, Estimate], drawn_steps: list[Step]) -> None:
    case = business_case(drawn, drawn_steps)

    sizes = [swing.size for swing in case.tornado]
    assert sizes == sorted(sizes, reverse=True)
    assert all(size > 0 for size in sizes)
    for swing in case.tornado[:3]:
        figures = {**at("expected", drawn), swing.key: drawn[swing.key].low}
        assert swing.at_low == forecast(figures, drawn_steps).npv


# -- Assumptions and what was entered ----------------------------------------------------------------------------------


def test_every_assumption_is_named_by_a_figure_and_moves_it() -> None:
    """No figure without its assumption, and no assumption that nothing rests on."""
    named = {*TIMING, *(key for keys in (*STREAMS.values(), *COSTS.values()) for key in keys)}
    assert named == set(ASSUMPTIONS)

    drawn_steps = [Step(1, 2, 8, 0.8), Step(3, 4, 5, 0.4)]
    figures = at("expected", estimates({}, "EUR"))
    base = forecast(figures, drawn_steps)
    for key in ASSUMPTIONS:
        moved = forecast({**figures, key: figures[key] * 0.5}, drawn_steps)
        streams = {stream for stream in STREAMS if moved.benefits[stream] != base.benefits[stream]}
        costs = {cost for cost in COSTS if moved.costs[cost] != base.costs[cost]}
        if key not in TIMING:
            assert streams == {stream for stream, keys in STREAMS.items() if key in keys}, key
            assert costs == {cost for cost, keys in COSTS.items() if key in keys}, key
        assert moved.npv != base.npv, key


def test_what_was_given_replaces_what_is_assumed_and_its_range() -> None:
    found = estimates(
        {"models": {"expected": 7}, "toil_hours": {"high": 80}, "incidents": {"low": 2, "expected": 3}}, "EUR"
    )

    assert found["models"] == Estimate(7, 7, 7)
    assert found["toil_hours"] == replace(ASSUMPTIONS["toil_hours"].range, high=80)
    assert found["incidents"] == Estimate(2, 3, 3)
    assert found["capture"] == ASSUMPTIONS["capture"].range
    assert is_given({"models": {"expected": 7}}, "models")
    assert not is_given({"toil_hours": {"high": 80}}, "toil_hours")


@pytest.mark.parametrize(
    ("values", "part", "expected"),
    [({"low": 11}, "low", 10), ({"high": 9}, "high", 10), ({"expected": 3, "low": 4}, "low", 3)],
)
def test_an_end_on_the_wrong_side_is_named(values: dict[str, float], part: str, expected: float) -> None:
    with pytest.raises(OutOfOrder) as caught:
        estimates({"models": values}, "EUR")

    assert (caught.value.key, caught.value.part, caught.value.expected) == ("models", part, expected)


def test_assumed_money_has_the_currencys_number_of_digits() -> None:
    assert assumed("engineer_cost", "JPY").expected == 150 * assumed("engineer_cost", "EUR").expected
    assert assumed("models", "JPY") == assumed("models", "EUR")
    assert list(CURRENCIES)[4:] == sorted(list(CURRENCIES)[4:])


def test_figures_that_nobody_doubts_leave_one_result() -> None:
    given_all = {key: {"expected": row.range.expected} for key, row in ASSUMPTIONS.items()}

    case = business_case(estimates(given_all, "EUR"), [Step(1, 1, 4, 1)])

    assert case.low.npv == case.expected.npv == case.high.npv
    assert case.tornado == ()
