"""Checks the rounds of an organization's document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from assessments import scoring
from assessments.definition import Definition
from assessments.exchange.findings import Finding, known, known_member, known_team, moment, tried, twice, version_key
from assessments.exchange.parts import Known
from assessments.exchange.seats import seats
from assessments.questionnaires.rules import KeyPath, shown


def in_round(round_: Mapping[str, Any], at: KeyPath, core: Known) -> Iterator[Finding]:
    """Find what is wrong with a round that its schema cannot say."""
    yield from _period(round_, at, core)
    yield from twice([((*at, "teams", n), name) for n, name in enumerate(round_["teams"])])
    for n, name in enumerate(round_["teams"]):
        yield from known_team((*at, "teams", n), name, core.teams)
    for part in ("participants", "responses", "remarks", "consensus", "results"):
        for n, row in enumerate(round_.get(part, [])):
            yield from known_team((*at, part, n, "team"), row.get("team"), core.teams)
    yield from _participants(round_.get("participants", []), (*at, "participants"), core)
    key = version_key(round_["questionnaire"])
    if key not in core.versions:
        yield (*at, "questionnaire"), _("is no version that this file has.")
    elif (definition := core.versions[key]) is not None:
        yield from _said(round_, at, core, definition)
    elif round_.get("responses") or round_["results"] or _answered(round_):
        yield at, _("has answers or results, but the version it asks is a draft.")


def _period(round_: Mapping[str, Any], at: KeyPath, core: Known) -> Iterator[Finding]:
    if round_["ends_on"] < round_["starts_on"]:
        yield (*at, "ends_on"), _("is before the first day.")
    yield from known((*at, "previous"), round_.get("previous"), core.rounds, _("is no round of this file."))
    if round_.get("previous") == round_["number"]:
        yield (*at, "previous"), _("is the round itself.")
    if "opens_at" in round_ and "closes_at" in round_ and _later(round_["opens_at"], round_["closes_at"]):
        yield (*at, "closes_at"), _("is not after the round opens.")


def _later(first: str, second: str) -> bool:
    try:
        return moment(first) >= moment(second)
    except (ValueError, OverflowError):
        return False  # which is found elsewhere


def _answered(round_: Mapping[str, Any]) -> bool:
    return bool(round_["consensus"]) or any("response" in row for row in round_.get("participants", []))


def _said(round_: Mapping[str, Any], at: KeyPath, core: Known, definition: Definition) -> Iterator[Finding]:
    """Find answers and results that the questionnaire does not have."""
    yield from _results(round_, (*at, "results"), definition)
    yield from twice([((*at, "consensus", n), (r["team"], r["question"])) for n, r in enumerate(round_["consensus"])])
    for n, row in enumerate(round_["consensus"]):
        yield from _choice((*at, "consensus", n), definition, row["question"], row["choice"])
        yield from known_member((*at, "consensus", n, "recorded_by"), row.get("recorded_by"), core.members)
    for n, row in enumerate(round_.get("participants", [])):
        for question, answer in row.get("response", {}).get("answers", {}).items():
            place = (*at, "participants", n, "response", "answers", question)
            yield from _choice(place, definition, question, answer.get("choice", ""))
            yield from _evidence(place, answer)
    if "asked" in round_:
        yield from _anonymous(round_, at, core, definition)


def _results(round_: Mapping[str, Any], at: KeyPath, definition: Definition) -> Iterator[Finding]:
    rows = round_["results"]
    yield from twice([((*at, n), (row["revision"], row.get("team"))) for n, row in enumerate(rows)])
    levels = {str(level.number) for level in definition.levels}
    for n, row in enumerate(rows):
        if row["revision"] > round_["revision"]:
            yield (*at, n, "revision"), _("is higher than that of the round.")
        if "card" in row and not _is_card(definition, row["card"]):
            yield (*at, n, "card"), _("is no score card of this round's questionnaire.")
        for question, agreed in row.get("consensus", {}).items():
            yield from _choice((*at, n, "consensus", question), definition, question, agreed["choice"])
        for level in row.get("confidence", {}):
            yield from known((*at, n, "confidence", level), level, levels, _("is no level of this questionnaire."))


def _is_card(definition: Definition, card: Mapping[str, Any]) -> bool:
    try:
        intact = scoring.to_mapping(scoring.from_mapping(definition, card)) == card
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError):
        return False
    return intact and type(card["respondents"]) is int and card["respondents"] >= 0


def _participants(rows: list[dict[str, Any]], at: KeyPath, core: Known) -> Iterator[Finding]:
    yield from twice([((*at, n, "email"), row["email"].lower()) for n, row in enumerate(rows)])
    for n, row in enumerate(rows):
        yield from known_member((*at, n, "member"), row.get("member"), core.members)


def _anonymous(round_: Mapping[str, Any], at: KeyPath, core: Known, definition: Definition) -> Iterator[Finding]:
    yield from _counts(round_, at, core)
    for n, row in enumerate(round_["responses"]):
        if row["since"] > round_["revision"]:
            yield (*at, "responses", n, "since"), _("is higher than the revision of the round.")
        for question, choice in row["answers"].items():
            yield from _choice((*at, "responses", n, "answers", question), definition, question, choice)
    yield from _remarks(round_, (*at, "remarks"), definition)


def _counts(round_: Mapping[str, Any], at: KeyPath, core: Known) -> Iterator[Finding]:
    """Find numbers of people that do not agree."""
    for part in ("asked", "answered"):
        for team in round_[part]:
            yield from known_team((*at, part, team), team, core.teams)
    taken, left = seats(round_)
    for team, count in taken.items():
        if count > round_["asked"].get(team, 0):
            yield (*at, "asked", team), _("is less than answered in this team.")
    for team, count in round_["answered"].items():
        if count != taken.get(team, 0):
            yield (*at, "answered", team), _("is not as many as there are responses.")
    if left:
        yield (*at, "responses"), _("that name no team are not as many as answered in the teams that are withheld.")


def _remarks(round_: Mapping[str, Any], at: KeyPath, definition: Definition) -> Iterator[Finding]:
    """Find more remarks on a question than people who may have made them."""
    people = Counter(row.get("team") for row in round_["responses"])
    said: Counter[tuple[str | None, str]] = Counter()
    for n, row in enumerate(round_["remarks"]):
        said[row.get("team"), row["question"]] += 1
        if said[row.get("team"), row["question"]] > people[row.get("team")]:
            yield (*at, n), _("goes with no response.")
        yield from _choice((*at, n), definition, row["question"], "")
        yield from _evidence((*at, n), row)


def _evidence(at: KeyPath, answer: Mapping[str, str]) -> Iterator[Finding]:
    if url := answer.get("evidence_url"):
        yield from tried((*at, "evidence_url"), URLValidator(), url, _("is not a web address."))


def _choice(at: KeyPath, definition: Definition, question: str, choice: str) -> Iterator[Finding]:
    if question not in definition.questions:
        yield at, _("is no question of this round's questionnaire.")
    elif choice and choice not in {own.key for own in definition.questions[question].choices}:
        yield at, _("%s is none of the question's choices.") % shown(choice)
