"""The addresses of assessments."""

from django.urls import path

from assessments.views import data, home, organizations, results, survey

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
    path("orgs/<slug:slug>/settings/data/", data.data, name="organization_data"),
    path("orgs/<slug:slug>/settings/data/export/", data.export, name="organization_export"),
    path("orgs/<slug:slug>/rounds/<int:round_id>/results/", results.round_result, name="round_result"),
]
