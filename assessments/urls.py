"""The addresses of assessments."""

from django.urls import path

from assessments.views import home, organizations, results, round_results, survey

urlpatterns = [
    path("", home.home, name="home"),
    path("try/", survey.start, name="try"),
    path("try/questions/<str:dimension_key>/", survey.questions, name="try_questions"),
    path("try/answer/", survey.answer, name="try_answer"),
    path("try/review/", survey.review, name="try_review"),
    path("try/submit/", survey.submit, name="try_submit"),
    path("results/<uuid:public_id>/", results.own_result, name="own_result"),
    path("results/<uuid:public_id>/revise/", results.revise, name="revise_result"),
    path("results/<uuid:public_id>/discard/", results.discard, name="discard_result"),
    path("orgs/<slug:slug>/", organizations.dashboard, name="organization"),
    path("orgs/<slug:slug>/rounds/<int:round_id>/results/", round_results.round_result, name="round_result"),
    path(
        "orgs/<slug:slug>/rounds/<int:round_id>/results/notes/<str:question_key>/",
        round_results.notes,
        name="round_notes",
    ),
    path(
        "orgs/<slug:slug>/rounds/<int:round_id>/results/consensus/", round_results.consensus, name="round_consensus"
    ),
]
