"""Which address leads where."""

from allauth.account.decorators import reauthentication_required
from allauth.account.views import password_set
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path

from mlops_maturity import accounts, confirmation, health, metrics, outbox, own_data

# allauth would have a password set by whoever sits at an open browser.
set_password = login_required(reauthentication_required(password_set))

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/", accounts.overview, name="account"),
    path("accounts/data/", own_data.data, name="own_data"),
    path("accounts/data/download/", own_data.download, name="download_own_data"),
    path("accounts/delete/", own_data.delete, name="delete_account"),
    path("accounts/sessions/", login_required(accounts.Sessions.as_view()), name="usersessions_list"),
    path("accounts/sessions/<int:pk>/end/", accounts.end_session, name="end_session"),
    path("accounts/confirm/", confirmation.ConfirmByCode.as_view(), name="confirm_by_code"),
    path("accounts/password/set/", set_password, name="account_set_password"),
    path("accounts/oidc/<slug:provider_id>/login/", accounts.sign_on, name="sign_on"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("demo/mail/", outbox.outbox, name="demo_outbox"),
    path("demo/mail/<str:file>/<int:number>/", outbox.letter, name="demo_letter"),
    path("demo/mail/<str:file>/<int:number>/html/", outbox.letter_html, name="demo_letter_html"),
    path("", include("organizations.urls")),
    path("", include("assessments.urls")),
    path("", include("roadmaps.urls")),
]

handler400 = "mlops_maturity.errors.bad_request"
handler403 = "mlops_maturity.errors.permission_denied"
handler404 = "mlops_maturity.errors.not_found"
handler429 = "mlops_maturity.errors.too_many_requests"
handler500 = "mlops_maturity.errors.server_error"
