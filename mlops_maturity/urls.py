"""Which address leads where."""

from django.contrib import admin
from django.urls import include, path

from mlops_maturity import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("", include("assessments.urls")),
]

handler400 = "mlops_maturity.errors.bad_request"
handler403 = "mlops_maturity.errors.permission_denied"
handler404 = "mlops_maturity.errors.not_found"
handler500 = "mlops_maturity.errors.server_error"
