"""The administration says on its pages what it refuses, and why, where Django would show an error page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import NestedObjects, unquote
from django.db import DatabaseError, router, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from psycopg import IntegrityError
from psycopg.errors import RaiseException
from unfold.admin import ModelAdmin as UnfoldModelAdmin

# What constraints and triggers raise.
REFUSALS = (IntegrityError, RaiseException)


class ModelAdmin(UnfoldModelAdmin):
    """As django-unfold's, with reasons: what is kept for good says so, and so does what the database holds."""

    def reasons_to_keep(self, rows: Collection[Any]) -> list[str]:
        """Return why these rows of the model cannot all be deleted; nothing where they can."""
        return []

    def reasons_below(self, rows: Any) -> dict[type[Model], list[str]]:
        """Return the reasons against deleting some rows, theirs and those of all that would go too, by model."""
        collector = NestedObjects(using=router.db_for_write(self.model))
        collector.collect(rows)
        admins = {model: self.admin_site._registry.get(model) for model in collector.data}
        found = {
            model: admin.reasons_to_keep(collector.data[model])
            for model, admin in admins.items()
            if isinstance(admin, ModelAdmin)
        }
        return {model: reasons for model, reasons in found.items() if reasons}

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Show the reasons where Django would say that a permission is missing."""
        listed, counts, refused, protected = super().get_deleted_objects(objs, request)
        for model, reasons in self.reasons_below(objs).items():
            refused.discard(model._meta.verbose_name)
            protected += reasons
        return listed, counts, refused, protected

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        reasons = self.reasons_to_keep([row]) if row and self.has_view_permission(request, row) else []
        if reasons:
            self.message_user(request, " ".join(reasons), messages.ERROR)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", object_id)
        return self._or_refused(super().delete_view, request, object_id, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_refused(super().changeform_view, request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_refused(super().changelist_view, request, *args, **kwargs)

    def _or_refused(
        self, view: Callable[..., HttpResponse], request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Return what a view does; where the database undoes it, go back to the page with a word about that."""
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            with transaction.atomic(using=router.db_for_write(self.model)):
                return view(request, *args, **kwargs)
        except DatabaseError as error:
            if not isinstance(error.__cause__, REFUSALS):
                raise
            text = _("Nothing was changed: something else rests on this, or it changed in the meantime. Look again.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
