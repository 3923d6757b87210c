"""What tests of business cases, structure and governance look at."""

from __future__ import annotations

from assessments.models import QuestionnaireVersion, Result
from assessments.services.rounds import close_round
from roadmaps.models import Roadmap
from tests.factories import Cast, make_participant, make_response, make_roadmap, make_round

PRACTICES = ("monitoring.service_metrics", "monitoring.model_metrics")


def roadmap_to_level_3(cast: Cast, version: QuestionnaireVersion) -> Roadmap:
    """Make a roadmap of two practices that can be done, from a result of the whole organization with none in place."""
    round_ = make_round(cast.organization, version=version, teams=[cast.team])
    make_response("no", participant=make_participant(round_, team=cast.team))
    close_round(round_=round_)
    return make_roadmap(Result.objects.get(round=round_, team=None), PRACTICES, target_level=3, title="To level 3")
