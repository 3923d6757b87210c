"""Administration of reminders: looked at to find out what became of a mail; organizations plan their own."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from assessments.models import Reminder, ReminderHook, ReminderSchedule, ReminderSettings, Subscription
from organizations.admin import ReadOnlyMixin
from organizations.refusals import ModelAdmin


@admin.register(ReminderSchedule)
class ReminderScheduleAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["organization", "team", "every", "anchor", "paused_at"]
    list_filter = ["every", "opens_round"]
    list_select_related = ["organization", "team"]
    search_fields = ["organization__name", "team__name"]
    fields = [*list_display, "weeks", "hour", "days_before", "skipped", "opens_round", "open_days", "looked_until"]
    readonly_fields = fields


@admin.register(ReminderSettings)
class ReminderSettingsAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["organization", "nudge_days", "nudge_hour"]
    list_select_related = ["organization"]
    search_fields = ["organization__name"]
    fields = [*list_display, "looked_until"]
    readonly_fields = fields


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyMixin, ModelAdmin):
    """Mails about dates, and webhooks. No nudges: that there was one would tell who had not answered."""

    list_display = ["organization", "user", "on", "days_before", "state", "attempts", "sent_at"]
    list_filter = ["state", "reason"]
    list_select_related = ["organization", "user"]
    search_fields = ["organization__name", "user__email"]
    date_hierarchy = "send_at"
    fields = [*list_display, "hook", "send_at", "try_at", "reason", "error", "message_id"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reminder]:
        return Reminder.objects.of_schedules()


@admin.register(ReminderHook)
class ReminderHookAdmin(ReadOnlyMixin, ModelAdmin):
    """Without the address: that of Slack is a secret."""

    list_display = ["organization", "channel", "failures", "disabled_at", "created_at"]
    list_filter = ["channel"]
    list_select_related = ["organization"]
    search_fields = ["organization__name"]
    fields = list_display
    readonly_fields = fields


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyMixin, ModelAdmin):
    """What people chose; deleting a row takes it back, and forgets that mail came back."""

    list_display = ["organization", "user", "email", "reminders", "nudges", "bounces"]
    list_filter = ["reminders", "nudges"]
    list_select_related = ["organization", "user"]
    search_fields = ["organization__name", "user__email", "email"]
    fields = list_display
    readonly_fields = fields
