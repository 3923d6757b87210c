"""The addresses of roadmaps."""

from django.urls import include, path, re_path

from roadmaps.views import business_cases, planning, reports, roadmaps, structure

roadmap_patterns = [
    path("", roadmaps.roadmaps, name="roadmaps"),
    path("new/", planning.new_roadmap, name="new_roadmap"),
    path("<int:roadmap_id>/", roadmaps.roadmap, name="roadmap"),
    path("<int:roadmap_id>/edit/", planning.edit_roadmap, name="edit_roadmap"),
    path("<int:roadmap_id>/board/", roadmaps.board, name="roadmap_board"),
    path("<int:roadmap_id>/progress/", roadmaps.progress, name="roadmap_progress"),
    path("<int:roadmap_id>/delete/", roadmaps.delete_roadmap, name="delete_roadmap"),
    path("<int:roadmap_id>/items/<int:item_id>/", roadmaps.item, name="roadmap_item"),
    path("<int:roadmap_id>/items/<int:item_id>/move/", roadmaps.move, name="move_roadmap_item"),
    path("<int:roadmap_id>/business-case/", business_cases.business_case, name="roadmap_business_case"),
    path(
        "<int:roadmap_id>/business-case.xlsx",
        business_cases.business_case_workbook,
        name="roadmap_business_case_workbook",
    ),
    path("<int:roadmap_id>/structure/", structure.structure, name="roadmap_structure"),
    path("<int:roadmap_id>/governance/", structure.governance, name="roadmap_governance"),
    path("<int:roadmap_id>/export.pdf", reports.roadmap_pdf, name="roadmap_pdf"),
    re_path(r"^(?P<roadmap_id>\d{1,18})/export\.(?P<kind>csv|ics|md)$", roadmaps.export, name="export_roadmap"),
]

urlpatterns = [path("orgs/<slug:slug>/roadmaps/", include(roadmap_patterns))]
