"""The project's addresses, and the bare views beside them."""

from django.urls import include, path

urlpatterns = [path("", include("benchmarks.bare")), path("", include("mlops_maturity.urls"))]
