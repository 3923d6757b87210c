"""How people read a business case: what each assumption, benefit and cost is called, and why it is as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from roadmaps.assumptions import Group, Part
from roadmaps.business_case import Cost, Stream


@dataclass(frozen=True, slots=True)
class Words:
    """What an assumption is called, in which unit (`unit_of`), and why it is assumed as it is."""

    label: Promise
    unit: Promise
    why: Promise


GROUPS: Mapping[Group, Promise] = {
    "models": _("Models on their way"),
    "running": _("Models in production"),
    "value": _("What models are worth"),
    "effects": _("What a level changes"),
    "cost": _("Cost and interest"),
}

PART_NAMES: Mapping[Part, Promise] = {"low": _("Low"), "expected": _("Expected"), "high": _("High")}

STREAM_NAMES: Mapping[Stream, Promise] = {
    "faster_release": _("Models live sooner"),
    "fewer_incidents": _("Fewer incidents"),
    "less_toil": _("Less manual work"),
    "less_retraining": _("Less work on retraining"),
    "better_models": _("Better models"),
}

STREAM_FORMULAS: Mapping[Stream, Promise] = {
    "faster_release": _(
        "new models × weeks saved × (people at work × cost of a week × useful share + value of a week)"
    ),
    "fewer_incidents": _("incidents avoided × (hours of work × cost of an hour × useful share + other damage)"),
    "less_toil": _("hours saved in 52 weeks × cost of an hour × useful share"),
    "less_retraining": _("models × retrainings × hours saved × cost of an hour × useful share"),
    "better_models": _("models × points gained × value of a point"),
}

COST_NAMES: Mapping[Cost, Promise] = {
    "effort": _("Work on the roadmap"),
    "tools": _("Tools"),
    "upkeep": _("Upkeep"),
    "one_off": _("One-off costs"),
}

COST_FORMULAS: Mapping[Cost, Promise] = {
    "effort": _("person-weeks of the roadmap × cost of a week × (1 + overrun)"),
    "tools": _(
        "one tool for each practice that names any, unless half have it already × its cost, from the start of the work"
    ),
    "upkeep": _("cost of the work that is done × upkeep"),
    "one_off": _("in the first month"),
}


WORDS: Mapping[str, Words] = {
    "models": Words(
        _("Models in production"), _("models"), _("Count those that people or systems rely on. They stay as many.")
    ),
    "new_models": Words(_("New models"), _("a year"), _("How many go live for the first time.")),
    "weeks_to_production": Words(
        _("Time to production"),
        _("weeks"),
        _(
            "From a model that works to one that is live. In Algorithmia’s survey of 2021 deployment alone took a "
            "month or more at 64 % of organizations."
        ),
    ),
    "people_to_production": Words(
        _("People at work on it"), _("full-time people"), _("Who is busy with one model in these weeks.")
    ),
    "incidents": Words(
        _("Incidents"),
        _("a year"),
        _("With models, of the kind people act on: wrong predictions, stale input, failed releases."),
    ),
    "incident_hours": Words(
        _("Work on an incident"), _("hours"), _("Of everybody together: finding, mending, explaining it.")
    ),
    "incident_loss": Words(
        _("Other damage of an incident"),
        _("{currency}"),
        _("Lost sales, refunds, penalties. It depends on what your models decide."),
    ),
    "toil_hours": Words(
        _("Manual, repetitive work"),
        _("hours a week"),
        _(
            "On models, of everybody together: moving data, starting runs, copying files, reading logs. Google’s SRE "
            "book wants such toil under half of an operator’s time."
        ),
    ),
    "retrainings": Words(
        _("Retrainings of a model"), _("times a year"), _("How often a model is trained anew: yearly to monthly.")
    ),
    "retraining_hours": Words(
        _("Work on a retraining"), _("hours"), _("Training, checking and releasing one model anew.")
    ),
    "model_value": Words(
        _("Value of a model"),
        _("{currency} a year"),
        _("What one earns or saves. Assumed: about what an engineer costs, as one worth less would hardly be built."),
    ),
    "point_value": Words(
        _("Value of a point of performance"),
        _("{currency} a year"),
        _("What one percentage point more is worth, for one model. Assumed: 4 % of the model’s value."),
    ),
    "time_cut": Words(
        _("Effect on time to production"),
        _("% less a level"),
        _("Our own estimate, as nobody has measured what one level changes. Your releases before and after tell more."),
    ),
    "incident_cut": Words(
        _("Effect on incidents"),
        _("% less a level"),
        _("Our own estimate: with each level more is tested before it is live, and drift is seen earlier."),
    ),
    "toil_cut": Words(
        _("Effect on manual work"),
        _("% less a level"),
        _("Our own estimate: each level hands more steps to pipelines."),
    ),
    "retraining_cut": Words(
        _("Effect on retraining"),
        _("% less a level"),
        _("Our own estimate: from steps by hand through a pipeline to retraining that starts by itself."),
    ),
    "points_gained": Words(
        _("Effect on performance"),
        _("percentage points a level"),
        _("Our own estimate: models are fresher, and a drop in performance does not go unseen for months."),
    ),
    "capture": Words(
        _("Useful share of time saved"),
        _("%"),
        _("An hour saved in bits is not an hour gained, so studies commonly count a part of it."),
    ),
    "ramp_months": Words(
        _("Time to full effect"), _("months"), _("After a practice is in place, while people take it up.")
    ),
    "engineer_cost": Words(
        _("Cost of an engineer"),
        _("{currency} a year"),
        _("With taxes, place of work and overhead; finance calls it the loaded rate. 44 weeks of 40 hours of work."),
    ),
    "overrun": Words(
        _("Overrun of the effort"),
        _("%"),
        _(
            "How much more it takes than planned. Of 5,392 IT projects 18 % cost over half more (Flyvbjerg and others, "
            "2022)."
        ),
    ),
    "tool_cost": Words(
        _("Cost of a tool"),
        _("{currency} a year"),
        _("Licence, hosting, support. 0 for open source on machines that you have."),
    ),
    "upkeep": Words(
        _("Upkeep of what is built"), _("% a year"), _("Of the cost of building it; a rule of thumb of maintenance.")
    ),
    "one_off_cost": Words(
        _("Training, advice, migration"), _("{currency}"), _("What is paid once, in the first month.")
    ),
    "discount_rate": Words(
        _("Discount rate"),
        _("% a year"),
        _("What money costs your organization: its hurdle rate or WACC. Ask finance."),
    ),
}

CURRENCY_NAMES: Mapping[str, Promise] = {
    "EUR": _("Euro"),
    "USD": _("US dollar"),
    "GBP": _("Pound sterling"),
    "CHF": _("Swiss franc"),
    "AUD": _("Australian dollar"),
    "BRL": _("Brazilian real"),
    "CAD": _("Canadian dollar"),
    "CNY": _("Chinese yuan"),
    "CZK": _("Czech koruna"),
    "DKK": _("Danish krone"),
    "HUF": _("Hungarian forint"),
    "INR": _("Indian rupee"),
    "JPY": _("Japanese yen"),
    "KRW": _("South Korean won"),
    "MXN": _("Mexican peso"),
    "NOK": _("Norwegian krone"),
    "NZD": _("New Zealand dollar"),
    "PLN": _("Polish złoty"),
    "SEK": _("Swedish krona"),
    "SGD": _("Singapore dollar"),
    "ZAR": _("South African rand"),
}


def unit_of(key: str, currency: str) -> str:
    """Return the unit of an assumption, of money in the currency."""
    return str(WORDS[key].unit).format(currency=currency)
