"""The addresses of assessments."""

from django.urls import URLPattern, URLResolver, include, path

from assessments.views import (
    badges,
    benchmarks,
    comparison,
    data,
    drafts,
    exports,
    home,
    organizations,
    questionnaire_files,
    questionnaires,
    reminder_hooks,
    reminders,
    results,
    round_actions,
    round_people,
    round_results,
    rounds,
    subscriptions,
    survey,
    translating,
    try_out,
)


def survey_steps(way: str) -> list[URLPattern]:
    """Return the addresses of the survey for one of the ways to it, with which their names begin."""
    return [
        path("", survey.start, name=way),
        path("questions/<str:dimension_key>/", survey.questions, name=f"{way}_questions"),
        path("answer/", survey.answer, name=f"{way}_answer"),
        path("review/", survey.review, name=f"{way}_review"),
        path("submit/", survey.submit, name=f"{way}_submit"),
    ]


def round_steps(way: str) -> list[URLPattern]:
    """Return the addresses of the survey for those who are asked in a round."""
    return [*survey_steps(way), path("done/", survey.done, name=f"{way}_done")]


round_patterns = [
    path("", rounds.rounds, name="rounds"),
    path("new/", rounds.new_round, name="new_round"),
    path("<int:round_id>/", rounds.round_, name="round"),
    path("<int:round_id>/edit/", rounds.edit_round, name="edit_round"),
    path("<int:round_id>/teams/", rounds.add_team, name="add_round_team"),
    path("<int:round_id>/participants/", round_people.participants, name="round_participants"),
    path("<int:round_id>/participants/remove/", round_people.remove_participants, name="remove_participants"),
    path(
        "<int:round_id>/participants/<int:participant_id>/remove/",
        round_people.remove_participant,
        name="remove_participant",
    ),
    path("<int:round_id>/open/", round_actions.open_round, name="open_round"),
    path("<int:round_id>/close/", round_actions.close_round, name="close_round"),
    path("<int:round_id>/reopen/", round_actions.reopen_round, name="reopen_round"),
    path("<int:round_id>/extend/", round_actions.extend_round, name="extend_round"),
    path("<int:round_id>/nudge/", round_actions.nudge_round, name="nudge_round"),
    path("<int:round_id>/discard/", round_actions.discard_round, name="discard_round"),
]

draft_patterns: list[URLPattern | URLResolver] = [
    path("", drafts.overview, name="edit_draft"),
    path("act/", drafts.act, name="draft_act"),
    path("problems/", drafts.problems, name="draft_problems"),
    path("settings/", drafts.edit_part, {"kind": "settings"}, name="edit_settings"),
    path("choices/", drafts.edit_part, {"kind": "choices"}, name="edit_choices"),
    path("levels/", drafts.levels, name="edit_levels"),
    path("levels/<int:key>/", drafts.edit_part, {"kind": "level"}, name="edit_level"),
    path("dimensions/<str:key>/", drafts.dimension, name="edit_dimension"),
    path("dimensions/<str:key>/settings/", drafts.edit_part, {"kind": "dimension"}, name="edit_dimension_settings"),
    path("questions/<str:key>/", drafts.edit_part, {"kind": "question"}, name="edit_question"),
    path("questions/<str:key>/choices/", drafts.edit_part, {"kind": "own_choices"}, name="edit_own_choices"),
    path("questions/<str:key>/preview/", drafts.preview, name="preview_question"),
    path("languages/", translating.languages, name="edit_languages"),
    path("languages/<str:locale>/", translating.translate, name="edit_language"),
]

version_patterns: list[URLPattern | URLResolver] = [
    path("", questionnaires.version, name="questionnaire_version"),
    path("file.yaml", questionnaire_files.download, name="questionnaire_file"),
    path("try/", try_out.try_out, name="try_out"),
    path("publish/", questionnaires.publish, name="publish_version"),
    path("retire/", questionnaires.retire, name="retire_version"),
    path("offer/", questionnaires.offer, name="offer_version"),
    path("discard/", questionnaires.discard, name="discard_version"),
    path("edit/", include(draft_patterns)),
]

questionnaire_patterns: list[URLPattern | URLResolver] = [
    path("", questionnaires.questionnaires, name="questionnaires"),
    path("new/", questionnaires.new_questionnaire, name="new_questionnaire"),
    path("schema.json", questionnaire_files.schema, name="questionnaire_schema"),
    path("<int:questionnaire_id>/", questionnaires.questionnaire, name="questionnaire"),
    path("<int:questionnaire_id>/next/", questionnaires.next_version, name="next_version"),
    path("<int:questionnaire_id>/import/", questionnaire_files.import_file, name="import_questionnaire"),
    path("<int:questionnaire_id>/<int:number>/", include(version_patterns)),
]

reminder_patterns = [
    path("", reminders.reminders, name="reminders"),
    path("new/", reminders.new_schedule, name="new_schedule"),
    path("<int:schedule_id>/", reminders.edit_schedule, name="edit_schedule"),
    path("<int:schedule_id>/pause/", reminders.pause_schedule, name="pause_schedule"),
    path("<int:schedule_id>/resume/", reminders.resume_schedule, name="resume_schedule"),
    path("<int:schedule_id>/skip/", reminders.skip_date, name="skip_date"),
    path("<int:schedule_id>/test/", reminders.test_schedule, name="test_schedule"),
    path("<int:schedule_id>/delete/", reminders.delete_schedule, name="delete_schedule"),
    path("webhooks/", reminder_hooks.hooks, name="reminder_hooks"),
    path("webhooks/<int:hook_id>/test/", reminder_hooks.test_hook, name="test_reminder_hook"),
    path("webhooks/<int:hook_id>/enable/", reminder_hooks.enable_hook, name="enable_reminder_hook"),
    path("webhooks/<int:hook_id>/delete/", reminder_hooks.delete_hook, name="delete_reminder_hook"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("try/", include(survey_steps("try"))),
    path("orgs/<slug:slug>/rounds/<int:round_id>/respond/", include(round_steps("respond"))),
    path("respond/<str:token>/", include(round_steps("respond_by_link"))),
    path("questionnaires/", include(questionnaire_patterns)),
    path("badges/<str:token>.svg", badges.image, name="badge_image"),
    path("orgs/<slug:slug>/settings/badge/", badges.badges, name="badges"),
    path("orgs/<slug:slug>/settings/badge/<int:badge_id>/revoke/", badges.revoke, name="revoke_badge"),
    path("orgs/<slug:slug>/compare/export/<slug:identifier>/", exports.export_comparison, name="export_comparison"),
    path("results/<uuid:public_id>/", results.own_result, name="own_result"),
    path("results/<uuid:public_id>/revise/", results.revise, name="revise_result"),
    path("results/<uuid:public_id>/discard/", results.discard, name="discard_result"),
    path("orgs/<slug:slug>/", organizations.dashboard, name="organization"),
    path("orgs/<slug:slug>/compare/", comparison.compare, name="compare"),
    path("orgs/<slug:slug>/benchmarks/", benchmarks.benchmarks, name="benchmarks"),
    path("orgs/<slug:slug>/technology/", benchmarks.technology, name="technology"),
    path("orgs/<slug:slug>/settings/sharing/", benchmarks.sharing, name="sharing"),
    path("orgs/<slug:slug>/rounds/", include(round_patterns)),
    path("orgs/<slug:slug>/rounds/<int:round_id>/results/", round_results.round_result, name="round_result"),
    path("orgs/<slug:slug>/rounds/<int:round_id>/export/<slug:identifier>/", exports.export_round, name="export_round"),
    path("orgs/<slug:slug>/rounds/<int:round_id>/report.pdf", exports.report, name="report"),
    path(
        "orgs/<slug:slug>/rounds/<int:round_id>/results/notes/<str:question_key>/",
        round_results.notes,
        name="round_notes",
    ),
    path("orgs/<slug:slug>/rounds/<int:round_id>/results/consensus/", round_results.consensus, name="round_consensus"),
    path("orgs/<slug:slug>/settings/reminders/", include(reminder_patterns)),
    path("mail/preferences/", subscriptions.preferences, name="mail_preferences"),
    path("mail/unsubscribe/<str:token>/", subscriptions.unsubscribe, name="unsubscribe"),
    path("orgs/<slug:slug>/settings/data/", data.data, name="organization_data"),
    path("orgs/<slug:slug>/settings/data/export/", data.export, name="organization_export"),
]
