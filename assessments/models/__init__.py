"""The tables of assessments, one file per idea."""

from assessments.models.badges import Badge
from assessments.models.benchmarks import BenchmarkSharing, BenchmarkSnapshot, PublishedBenchmark, TeamTool
from assessments.models.drafts import DraftRevision
from assessments.models.questionnaires import Questionnaire, QuestionnaireVersion
from assessments.models.responses import Answer, Response
from assessments.models.results import Consensus, Result
from assessments.models.rounds import Participant, Round, RoundTeam

__all__ = [
    "Answer",
    "Badge",
    "BenchmarkSharing",
    "BenchmarkSnapshot",
    "Consensus",
    "DraftRevision",
    "Participant",
    "PublishedBenchmark",
    "Questionnaire",
    "QuestionnaireVersion",
    "Response",
    "Result",
    "Round",
    "RoundTeam",
    "TeamTool",
]
