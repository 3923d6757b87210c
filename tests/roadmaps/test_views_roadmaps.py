"""Planning on pages, keeping it, following it up, and what the next round says."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.models import Result
from assessments.services.rounds import close_round
from organizations.models import Member, User
from roadmaps.models import Item, ItemStatus, Roadmap
from roadmaps.selectors.roadmaps import planned_ends
from tests.factories import (
    Cast,
    make_participant,
    make_response,
    make_roadmap,
    make_round,
    make_version,
    shipped_definition,
)
from tests.roadmaps.conftest import answers, closed

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


def new_url(cast: Cast, result: Result) -> str:
    return f"{reverse('new_roadmap', args=[cast.organization.slug])}?result={result.pk}"


def fields_of(content: str) -> dict[str, list[str]]:
    """Return what the planner's form would send."""
    found: dict[str, list[str]] = {}
    form = content.rsplit('id="planning"', maxsplit=1)[-1]
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if attributes.get("type") == "checkbox" and " checked" not in tag:
            continue
        if "name" in attributes:
            found.setdefault(attributes["name"], []).append(attributes.get("value", ""))
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found[name] = re.findall(r'<option value="([^"]*)" selected', options) or [""]
    found.pop("csrfmiddlewaretoken", None)
    return found


def text_of(content: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", content).split()))


def test_the_page_proposes_what_the_command_plans(
    cast: Cast, result: Result, client_of: ClientOf, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"questionnaire": "mlops-maturity", "responses": [answers(2, 1, 1, 1, 1)]}))
    call_command("plan", str(file), "--json")
    planned = json.loads(capsys.readouterr().out)

    page = client_of(cast.facilitator).get(new_url(cast, result)).content.decode()

    assert fields_of(page)["step"] == [item["question"] for item in planned["items"]]
    assert all(item["why"] in text_of(page) for item in planned["items"])
    assert "The target is reached: level 2, Automated Training" in text_of(page)
    assert "Nothing cheaper reaches the target: it is proven." in text_of(page)


def test_dropping_a_step_misses_the_target_and_putting_it_back_reaches_it(
    cast: Cast, result: Result, client_of: ClientOf
) -> None:
    client, url = client_of(cast.facilitator), new_url(cast, result)
    form = fields_of(client.get(url).content.decode())
    assert isinstance(form["step"], list)
    gone = form["step"].pop()

    page = client.post(url, form, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in page
    assert "The target is missed: level 2, Automated Training (it needs 2.00)" in text_of(page)
    assert "Plan around my choices" in page
    again = fields_of(page)
    assert (again["dropped"], gone in again["step"]) == ([gone], False)
    around = fields_of(client.post(url, again | {"act": "replan"}).content.decode())
    assert gone not in around["step"]
    page = client.post(url, again | {"step": [*again["step"], gone]}).content.decode()
    assert "The target is reached" in text_of(page)
    page = client.post(url, again | {"act": "cheapest"}).content.decode()
    assert fields_of(page)["step"][-1] == gone


def test_a_step_without_what_comes_before_it_does_not_count(cast: Cast, result: Result, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), new_url(cast, result)
    form = fields_of(client.get(url).content.decode()) | {"step": ["governance.compliance_checks"]}

    page = text_of(client.post(url, form).content.decode())

    assert "Cannot be done: it needs Experiment tracking, CI/CD, Lineage first" in page
    assert "The target is missed" in page


def test_order_pins_and_efforts_are_the_readers(cast: Cast, result: Result, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), new_url(cast, result)
    form = fields_of(client.get(url).content.decode())
    first, second = form["step"][:2]

    form = fields_of(client.post(url, form | {"act": f"down:{first}"}).content.decode())
    assert form["step"][:2] == [second, first]
    form |= {f"effort-{first}": ["0.5"], "pinned": [second], "act": ["keep"]}
    answer = client.post(url, form)

    kept = Roadmap.objects.get()
    assert answer["Location"] == kept.get_absolute_url()
    assert (kept.arranged, kept.pinned) == (True, [second])
    assert list(kept.items.values_list("question_key", flat=True)) == form["step"]
    assert str(kept.items.get(question_key=first).effort_weeks) == "0.50"
    assert all(kept.items.values_list("due_on", flat=True))


def test_a_plan_that_does_not_fit_says_what_does(cast: Cast, result: Result, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), new_url(cast, result)
    form = fields_of(client.get(url).content.decode()) | {"target": ["3"], "capacity": ["4"]}

    page = text_of(client.post(url, form).content.decode())

    assert "It does not fit 6 months." in page
    assert "What fits is level 2, Automated Training" in page
    assert re.search(r"It takes \d+ months at this capacity, or \d+(\.\d\d?)? person-weeks a month", page)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"months": "0"}, "greater than or equal to 1"),
        ({"capacity": "none"}, "Enter a number"),
        ({"starts_on": "soon"}, "Enter a day"),
        ({"title": ""}, "This field is required"),
        ({"target": ""}, "Choose a level to reach"),
        ({"effort-governance.lineage": "-1"}, "An effort is a number"),
    ],
)
def test_bad_input_is_told_and_nothing_is_lost(
    wrong: dict[str, str], message: str, cast: Cast, result: Result, client_of: ClientOf
) -> None:
    client, url = client_of(cast.facilitator), new_url(cast, result)
    form = fields_of(client.get(url).content.decode()) | {"title": "My own title"}
    assert isinstance(form["step"], list)
    gone = form["step"].pop()
    chosen = {"step": [*form["step"], "governance.compliance_checks"], "effort-governance.compliance_checks": ["9"]}

    answer = client.post(url, form | chosen | wrong | {"act": "keep"})

    again = fields_of(answer.content.decode())
    assert (set(again["step"]), again["dropped"]) == (set(chosen["step"]), [gone])
    assert again["effort-governance.compliance_checks"] == ["9"]

    assert answer.status_code == 422
    assert message in text_of(answer.content.decode())
    assert Roadmap.objects.count() == 0
    assert wrong.get("title", "My own title") in answer.content.decode()


def test_a_dimension_has_a_target_of_its_own(cast: Cast, result: Result, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), new_url(cast, result)
    form = fields_of(client.get(url).content.decode()) | {"target": [""], "target-governance": ["2"]}

    page = client.post(url, form).content.decode()

    assert "level 2 in Governance" in text_of(page)
    assert fields_of(page)["step"] == ["model_development.experiment_tracking", "governance.lineage"]


def test_nothing_is_planned_from_a_withheld_result(cast: Cast, client_of: ClientOf) -> None:
    """One response in an anonymous round."""
    round_ = closed(cast, answers(1, 1, 1, 1, 1), (2026, 2), anonymous=True)
    withheld = Result.objects.get(round=round_, team=cast.team)

    answer = client_of(cast.facilitator).get(new_url(cast, withheld))

    assert withheld.withheld
    assert answer.status_code == 409
    assert "fewer than three people" in answer.content.decode()
    assert "governance.lineage" not in answer.content.decode()
    with pytest.raises(IntegrityError, match="withheld"), transaction.atomic():
        make_roadmap(withheld)
    listed = client_of(cast.facilitator).get(reverse("new_roadmap", args=[cast.organization.slug]))
    assert "A roadmap starts from a result, and there is none yet." in listed.content.decode()


def test_a_kept_plan_is_changed_without_losing_what_was_done(cast: Cast, roadmap: Roadmap, client_of: ClientOf) -> None:
    client = client_of(cast.facilitator)
    url = reverse("edit_roadmap", args=[cast.organization.slug, roadmap.pk])
    roadmap.items.filter(position=2).update(status="done", done_on=dt.date(2026, 10, 9))
    form = fields_of(client.get(url).content.decode())
    assert form["step"] == list(roadmap.items.values_list("question_key", flat=True))
    kept = [key for key in form["step"] if key == "governance.lineage"]

    answer = client.post(url, form | {"step": [*kept, "data_management.feature_store"], "act": "keep"})

    assert answer.status_code == 302
    items = {item.question_key: item.status for item in roadmap.items.all()}
    assert items == {
        "monitoring.model_metrics": ItemStatus.DONE,
        "governance.lineage": ItemStatus.PLANNED,
        "data_management.feature_store": ItemStatus.PLANNED,
        # The member works on it.
        "model_development.experiment_tracking": ItemStatus.DROPPED,
    }
    assert [item.position for item in roadmap.items.all()] == [1, 2, 3, 4]


def test_the_plan_shows_phases_owners_and_what_is_overdue(cast: Cast, roadmap: Roadmap, client_of: ClientOf) -> None:
    roadmap.items.filter(position=1).update(due_on=timezone.localdate() - dt.timedelta(days=1))

    page = client_of(cast.viewer).get(roadmap.get_absolute_url()).content.decode()

    text = text_of(page)
    assert "1 overdue" in text
    assert "Phase 1" in text
    assert "member@acme.example" in text
    assert "Target: level 2, Automated Training" in text
    assert "Change the plan" not in text


def test_the_board_moves_items(cast: Cast, roadmap: Roadmap, client_of: ClientOf) -> None:
    mine, other = roadmap.items.all()[:2]
    client = client_of(cast.member)

    def move(item: Item, **data: str) -> Any:
        return client.post(reverse("move_roadmap_item", args=[cast.organization.slug, roadmap.pk, item.pk]), data)

    assert move(other, status="done").status_code == 403
    assert move(mine, status="done").status_code == 302
    mine.refresh_from_db()
    assert (mine.status, mine.done_on) == ("done", timezone.localdate())
    asked = move(mine, status="dropped")
    assert asked["Location"].endswith(f"/items/{mine.pk}/")
    mine.refresh_from_db()
    assert mine.status == "done"
    assert move(mine, status="nonsense").status_code == 302


def test_an_item_is_followed_up(cast: Cast, roadmap: Roadmap, client_of: ClientOf) -> None:
    item = roadmap.items.get(position=2)
    url = reverse("roadmap_item", args=[cast.organization.slug, roadmap.pk, item.pk])
    owner = Member.objects.get(user=cast.viewer)
    form = {
        "status": "in_progress",
        "owner": owner.pk,
        "due_on": "2026-12-01",
        "ticket_url": "https://tickets.example.org/7",
        "notes": "Started with the fraud model.",
    }
    client = client_of(cast.facilitator)

    assert client.post(url, form | {"status": "dropped"}).status_code == 422
    assert client.post(url, form | {"ticket_url": "JIRA-7"}).status_code == 422
    assert client.post(url, form).status_code == 302

    item.refresh_from_db()
    assert (item.status, item.owner, item.due_on) == ("in_progress", owner, dt.date(2026, 12, 1))
    # A viewer who owns an item still only reads.
    assert client_of(cast.viewer).get(url).status_code == 403
    # An item's owner does not hand it on.
    mine = roadmap.items.get(position=1)
    url = reverse("roadmap_item", args=[cast.organization.slug, roadmap.pk, mine.pk])
    assert client_of(cast.member).post(url, form).status_code == 302
    mine.refresh_from_db()
    assert mine.owner == Member.objects.get(user=cast.member)


def test_the_next_round_measures_what_was_projected(cast: Cast, roadmap: Roadmap, client_of: ClientOf) -> None:
    url = reverse("roadmap_progress", args=[cast.organization.slug, roadmap.pk])
    client = client_of(cast.facilitator)
    waits = "When the next round with the same questionnaire closes"
    assert waits in client.get(url).content.decode()
    other = make_version(shipped_definition() | {"slug": "another"})
    closed(cast, answers(5, 5, 5, 5, 5), (2026, 4), version=other)
    assert waits in client.get(url).content.decode()
    roadmap.items.filter(position__lte=2).update(status="done", done_on=dt.date(2026, 9, 1))
    # Experiment tracking is answered yes, model metrics still no.
    closed(cast, answers(2, 2, 1, 1, 1), (2026, 3))

    page = text_of(client.get(url).content.decode())

    assert "Overall 1.20 1.60 2.00 1.40" in page
    assert "1 of 2 done items are answered yes by at least half now." in page
    newest = Result.objects.get(round__starts_on=dt.date(2026, 7, 1), team=None)
    assert f"?result={newest.pk}&amp;previous={roadmap.pk}" in client.get(url).content.decode()
    roadmap.items.filter(position=3).update(notes="Half of it is there.")
    follow = f"{reverse('new_roadmap', args=[cast.organization.slug])}?result={newest.pk}&previous={roadmap.pk}"
    form = fields_of(client.get(follow).content.decode())
    assert "governance.lineage" in form["step"]
    client.post(follow, form | {"act": "keep"})
    following = Roadmap.objects.get(previous=roadmap)
    assert following.items.get(question_key="governance.lineage").notes == "Half of it is there."


def test_a_roadmap_is_deleted_after_it_was_asked(cast: Cast, roadmap: Roadmap, client_of: ClientOf) -> None:
    url = reverse("delete_roadmap", args=[cast.organization.slug, roadmap.pk])
    client = client_of(cast.facilitator)

    assert "Its 4 items go with it" in text_of(client.get(url).content.decode())
    assert client.post(url).status_code == 302
    assert not Roadmap.objects.exists()


def test_files_to_take_away(cast: Cast, roadmap: Roadmap, client_of: ClientOf) -> None:
    roadmap.items.filter(position=1).update(
        due_on=dt.date(2026, 11, 30), status="done", done_on=dt.date(2026, 11, 2), notes="=1+1, *bold*\nEnd; of, it"
    )

    def file(kind: str) -> str:
        answer = client_of(cast.viewer).get(reverse("export_roadmap", args=[cast.organization.slug, roadmap.pk, kind]))
        assert f".{kind}" in answer["Content-Disposition"]
        return answer.content.decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(file("csv"))))
    assert [row["practice"] for row in rows] == list(roadmap.items.values_list("question_key", flat=True))
    assert (rows[0]["gain"], rows[-1]["overall_after"], rows[0]["notes"][0]) == ("0.2", "2.0", "'")
    calendar = file("ics")
    assert calendar.count("BEGIN:VEVENT") == 1
    assert "DTSTART;VALUE=DATE:20261130\r\n" in calendar
    assert all(len(line.encode()) <= 75 for line in calendar.split("\r\n"))
    assert "\n" not in calendar.replace("\r\n", "")
    markdown = file("md")
    assert markdown.count("- [ ] ") == 3
    assert markdown.count("- [x] ") == 1
    assert "**Done when**" in markdown


@pytest.mark.parametrize("name", ["roadmaps", "roadmap", "roadmap_board", "roadmap_progress", "edit_roadmap"])
def test_queries_do_not_grow_with_the_roadmap(
    name: str, cast: Cast, roadmap: Roadmap, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    client = client_of(cast.facilitator)
    arguments = [cast.organization.slug] + ([] if name == "roadmaps" else [roadmap.pk])
    client.get(reverse(name, args=arguments))

    with django_assert_max_num_queries(14):
        assert client.get(reverse(name, args=arguments)).status_code == 200


def test_staged_results_are_planned_from_their_answers_as_long_as_these_are_the_same(
    cast: Cast, client_of: ClientOf
) -> None:
    """The median of two people."""
    round_ = make_round(cast.organization, teams=[cast.team], quarter=(2026, 2), aggregate="median")
    for counts in ((2, 1, 1, 1, 1), (0, 1, 1, 1, 1)):
        make_response(answers(*counts), participant=make_participant(round_))
    from assessments.services.rounds import close_round  # noqa: PLC0415

    close_round(round_=round_)
    result = Result.objects.get(round=round_, team=None)
    client, url = client_of(cast.facilitator), new_url(cast, result)
    page = client.get(url).content.decode()
    assert "The target is reached" in text_of(page)
    client.post(url, fields_of(page) | {"act": "keep"})
    kept = Roadmap.objects.get()

    from assessments.models import Answer  # noqa: PLC0415

    Answer.objects.filter(question_key="governance.documentation").update(choice_key="no")

    assert client.get(url).status_code == 409
    assert "have changed" in client.get(kept.get_absolute_url()).content.decode()
    assert client.get(reverse("roadmap_board", args=[cast.organization.slug, kept.pk])).status_code == 200


def test_another_tabs_work_is_not_undone(cast: Cast, roadmap: Roadmap, client_of: ClientOf) -> None:
    client, item = client_of(cast.facilitator), roadmap.items.get(position=2)
    url = reverse("roadmap_item", args=[cast.organization.slug, roadmap.pk, item.pk])
    [seen] = re.findall(r'name="seen" value="(\w+)"', client.get(url).content.decode())
    client.post(f"{url}move/", {"status": "in_progress"})

    answer = client.post(url, {"seen": seen, "status": "planned", "notes": "From the older tab"})

    assert answer.status_code == 422
    assert "Somebody has changed this item since you opened it: In progress" in text_of(answer.content.decode())
    assert "From the older tab" in answer.content.decode()
    item.refresh_from_db()
    assert (item.status, item.notes) == ("in_progress", "")
    [seen] = re.findall(r'name="seen" value="(\w+)"', answer.content.decode())
    assert client.post(url, {"seen": seen, "status": "planned", "notes": "Both read"}).status_code == 302


def test_what_is_done_counts_though_what_it_needs_was_dropped(
    cast: Cast, roadmap: Roadmap, client_of: ClientOf
) -> None:
    dropped = roadmap.items.filter(question_key="model_development.experiment_tracking")
    dropped.update(status="dropped", dropped_reason="Not now")
    needing = roadmap.items.filter(question_key="governance.lineage")
    client, url = client_of(cast.facilitator), roadmap.get_absolute_url()

    blocked = client.get(url).content.decode()
    assert "“Lineage” cannot be done: it needs Experiment tracking first" in text_of(blocked)
    row = re.search(r"<tr>(?:(?!<tr>).)*>Lineage<.*?</tr>", blocked.partition('id="blocked"')[2], re.DOTALL)
    assert row is not None
    assert "Experiment tracking" in text_of(row[0])
    assert reverse("roadmap_item", args=[cast.organization.slug, roadmap.pk, needing.get().pk]) in row[0]
    needing.update(status="done", done_on=timezone.localdate())
    page = text_of(client.get(url).content.decode())

    assert "“Lineage” cannot be done" not in page
    assert "Experiment tracking – Not now Follow up" in page


def test_due_days_that_nobody_set_follow_the_plan(cast: Cast, roadmap: Roadmap, client_of: ClientOf) -> None:
    ends = planned_ends(roadmap)
    items = list(roadmap.items.all())
    for item in items:
        item.due_on = ends[item.key]
        item.save()
    set_by_hand = ends[items[2].key] + dt.timedelta(days=3)
    roadmap.items.filter(pk=items[2].pk).update(due_on=set_by_hand)
    client = client_of(cast.facilitator)
    url = reverse("move_roadmap_item", args=[cast.organization.slug, roadmap.pk, items[1].pk])

    client.post(url, {"status": "dropped", "dropped_reason": "Not now"})

    due = {item.pk: item.due_on for item in roadmap.items.all()}
    assert due[items[3].pk] == planned_ends(roadmap)[items[3].key] != ends[items[3].key]
    assert (due[items[0].pk], due[items[2].pk]) == (ends[items[0].key], set_by_hand)

    client.post(url, {"status": "planned"})
    assert roadmap.items.get(pk=items[3].pk).due_on == ends[items[3].key]


def test_of_a_practice_that_most_have_the_share_is_told(cast: Cast, client_of: ClientOf) -> None:
    round_ = make_round(cast.organization, teams=[cast.team], quarter=(2026, 2))
    for given in ("yes", "yes", "no"):
        response = answers(2, 1, 1, 1, 1) | {"model_development.experiment_tracking": given}
        make_response(response, participant=make_participant(round_, team=cast.team))
    close_round(round_=round_)
    kept = Result.objects.get(round=round_, team=None)

    page = text_of(client_of(cast.facilitator).get(new_url(cast, kept)).content.decode())

    assert "the answers put this practice of level 2 at 66 %, and it counts in full once all say yes." in page
    assert "and lacks this practice of level" in page
