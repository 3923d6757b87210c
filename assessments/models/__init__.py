"""The tables of assessments, one file per idea."""

from assessments.models.badges import Badge
from assessments.models.benchmarks import BenchmarkSharing, BenchmarkSnapshot, PublishedBenchmark, TeamTool
from assessments.models.drafts import DraftRevision
from assessments.models.questionnaires import Questionnaire, QuestionnaireVersion
from assessments.models.reminders import (
    Reminder,
    ReminderHook,
    ReminderSchedule,
    ReminderSettings,
)
from assessments.models.responses import Answer, Response
from assessments.models.results import Consensus, Result
from assessments.models.rounds import Participant, Round, RoundTeam
from assessments.models.subscriptions import Subscription

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
    "Reminder",
    "ReminderHook",
    "ReminderSchedule",
    "ReminderSettings",
    "Response",
    "Result",
    "Round",
    "RoundTeam",
    "Subscription",
    "TeamTool",
]
