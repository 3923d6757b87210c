"""The addresses of organizations' settings and of invitations."""

from django.urls import include, path

from organizations.views import audit, deletion, general, invitations, members, teams

settings_patterns = [
    path("", general.general, name="organization_settings"),
    path("audit/", audit.audit, name="audit"),
    path("audit/csv/", audit.audit_csv, name="audit_csv"),
    path("audit/json/", audit.audit_json, name="audit_json"),
    path("data/delete/", deletion.delete_organization, name="delete_organization"),
    path("data/keep/", deletion.keep_organization, name="keep_organization"),
    path("teams/", teams.teams, name="teams"),
    path("teams/<int:team_id>/", teams.team, name="team"),
    path("teams/<int:team_id>/archive/", teams.archive, name="archive_team"),
    path("teams/<int:team_id>/restore/", teams.restore, name="restore_team"),
    path("members/", members.members, name="members"),
    path("members/leave/", members.leave, name="leave"),
    path("members/invitations/", invitations.invitations, name="invitations"),
    path("members/invitations/<int:invitation_id>/resend/", invitations.resend, name="resend_invitation"),
    path("members/invitations/<int:invitation_id>/revoke/", invitations.revoke, name="revoke_invitation"),
    path("members/<int:member_id>/", members.edit_member, name="member"),
    path("members/<int:member_id>/remove/", members.remove, name="remove_member"),
    path("members/<int:member_id>/transfer/", members.transfer, name="transfer_ownership"),
]

urlpatterns = [
    path("orgs/new/", general.new_organization, name="new_organization"),
    path("orgs/<slug:slug>/settings/", include(settings_patterns)),
    path("invitations/<str:token>/", invitations.join, name="invitation"),
]
