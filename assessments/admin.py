"""Administration of questionnaires, rounds, responses and results; what is frozen is shown, not edited."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline

from assessments import reminder_admin  # noqa: F401 - registers its own
from assessments.benchmark_files import read_benchmark
from assessments.models import (
    Answer,
    Badge,
    BenchmarkSharing,
    BenchmarkSnapshot,
    Consensus,
    DraftRevision,
    Participant,
    PublishedBenchmark,
    Questionnaire,
    QuestionnaireVersion,
    Response,
    Result,
    Round,
    RoundTeam,
    TeamTool,
)
from assessments.models.questionnaires import VersionStatus
from assessments.models.rounds import RoundStatus
from assessments.questionnaires.patching import written
from assessments.questionnaires.validation import QuestionnaireError
from assessments.selectors.questionnaires import definition_offered
from assessments.selectors.results import kept_results
from assessments.services.benchmarks import import_published
from assessments.services.questionnaires import NotADraft, publish_version
from assessments.services.rounds import NotOpen, close_round, open_round, plan_round
from organizations.admin import ReadOnlyMixin, TenantFormSet, TenantInline
from organizations.refusals import ModelAdmin


class VersionInline(ReadOnlyMixin, TabularInline):
    model = QuestionnaireVersion
    fields = ["number", "status", "created_at", "published_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuestionnaireVersion]:
        return QuestionnaireVersion.objects.select_related("questionnaire").defer("definition", "source")


@admin.register(Questionnaire)
class QuestionnaireAdmin(ModelAdmin):
    list_display = ["title", "slug", "organization"]
    list_filter = ["organization"]
    list_select_related = ["organization"]
    search_fields = ["title", "slug", "organization__name"]
    autocomplete_fields = ["organization"]

    def get_inlines(self, request: HttpRequest, obj: Questionnaire | None) -> list[type[TabularInline]]:
        return [VersionInline] if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Questionnaire | None = None) -> list[str]:
        """Show the key and the owner: what its versions say goes by both. The title is that of the newest version."""
        return ["organization", "slug", "title"] if obj else []


class RevisionInline(ReadOnlyMixin, TabularInline):
    model = DraftRevision
    fields = ["number", "act", "label", "made_by", "made_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[DraftRevision]:
        return DraftRevision.objects.select_related("made_by", "version__questionnaire").defer(
            "definition", "source", "version__definition", "version__source"
        )


@admin.register(QuestionnaireVersion)
class VersionAdmin(ReadOnlyMixin, ModelAdmin):
    """Versions are read here and their drafts published; they are written at `/questionnaires/`, or come from files."""

    list_display = ["questionnaire", "number", "status", "created_at", "published_at"]
    list_filter = ["status", "questionnaire"]
    list_select_related = ["questionnaire"]
    search_fields = ["questionnaire__title", "questionnaire__slug"]
    date_hierarchy = "created_at"
    fields = ["questionnaire", "number", "status", "created_at", "published_at", "text"]
    readonly_fields = fields
    actions = ["publish"]
    inlines = [RevisionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuestionnaireVersion]:
        return QuestionnaireVersion.objects.defer("definition", "source")

    def reasons_to_keep(self, rows: Collection[QuestionnaireVersion]) -> list[str]:
        kept = [row for row in rows if row.status != VersionStatus.DRAFT]
        return [_("%(version)s was published: it is kept, and can be retired.") % {"version": row} for row in kept]

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("assessments.change_questionnaireversion")

    @admin.display(description=gettext_lazy("definition"))
    def text(self, version: QuestionnaireVersion) -> str:
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', written(version.definition, version.source))

    @admin.action(description=gettext_lazy("Publish the selected drafts"), permissions=["publish"])
    def publish(self, request: HttpRequest, queryset: QuerySet[QuestionnaireVersion]) -> None:
        for version in queryset:
            try:
                publish_version(version=version)
            except NotADraft:
                message = _("%(version)s is no draft; it stays as it is.")
                self.message_user(request, message % {"version": version}, messages.WARNING)
            except QuestionnaireError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, _("%(version)s is published.") % {"version": version}, messages.SUCCESS)


class RoundTeamFormSet(TenantFormSet):
    once = "team"


class RoundTeamInline(TenantInline):
    model = RoundTeam
    formset = RoundTeamFormSet
    fields = ["team"]
    ordering = ["team__name"]
    show_change_link = False


class ParticipantFormSet(TenantFormSet):
    once = "email"


class ParticipantInline(TenantInline):
    model = Participant
    formset = ParticipantFormSet
    fields = ["email", "team", "user"]
    autocomplete_fields = ["user"]
    # A response goes with its participant: the participant's own page asks first.
    can_delete = False


class ConsensusInline(ReadOnlyMixin, TabularInline):
    model = Consensus
    fields = ["team", "question_key", "choice_key", "rationale", "recorded_by", "recorded_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False


@admin.register(Round)
class RoundAdmin(ModelAdmin):
    """A round added here is open at once; then its teams and participants can be added."""

    list_display = ["period", "organization", "version", "status", "submitted_of_asked", "opened_at", "closed_at"]
    list_filter = ["status", "aggregate", "anonymous", "organization"]
    list_select_related = ["organization", "version__questionnaire"]
    search_fields = ["organization__name"]
    date_hierarchy = "starts_on"
    actions = ["close"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Round]:
        return Round.objects.with_progress().defer("version__definition", "version__source")

    def get_fields(self, request: HttpRequest, obj: Round | None = None) -> list[str]:
        asked = ["organization", "version", "starts_on", "ends_on", "aggregate"]
        return [*asked, "anonymous", "status", "opened_at", "closed_at"] if obj else asked

    def get_readonly_fields(self, request: HttpRequest, obj: Round | None = None) -> list[str]:
        return ["organization", "version", "anonymous", "status", "opened_at", "closed_at"] if obj else []

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return ["organization"]

    def get_inlines(self, request: HttpRequest, obj: Round | None) -> list[type[TabularInline]]:
        return [RoundTeamInline, ParticipantInline, ConsensusInline] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Round | None = None) -> bool:
        is_closed = obj is not None and obj.status == RoundStatus.CLOSED
        return not is_closed and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Round | None = None) -> bool:
        has_results = obj is not None and obj.revision > 0
        return not has_results and super().has_delete_permission(request, obj)

    def reasons_to_keep(self, rows: Collection[Round]) -> list[str]:
        closed = [row for row in rows if row.status == RoundStatus.CLOSED]
        return [_("%(round)s is closed: it is kept with its results.") % {"round": row} for row in closed]

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "version":
            published = QuestionnaireVersion.objects.published().defer("definition", "source")
            kwargs["queryset"] = published.select_related("questionnaire")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Round, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001
        if change:
            super().save_model(request, obj, form, change)
        else:
            planned = plan_round(**form.cleaned_data, teams=[])
            open_round(round_=planned)
            obj.pk = planned.pk
            obj.refresh_from_db()

    @admin.display(description=gettext_lazy("responses"))
    def submitted_of_asked(self, round_: Any) -> str:
        return _("%(submitted)d of %(asked)d") % {"submitted": round_.submitted, "asked": round_.asked}

    @admin.action(description=gettext_lazy("Close the selected rounds and keep their results"), permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Round]) -> None:
        for round_ in queryset:
            try:
                close_round(round_=round_)
            except NotOpen:
                self.message_user(
                    request, _("%(round)s is not open; it stays as it is.") % {"round": round_}, messages.WARNING
                )
            else:
                count = round_.results.count()
                text = ngettext(
                    "%(round)s is closed; %(count)d result is kept.",
                    "%(round)s is closed; %(count)d results are kept.",
                    count,
                )
                self.message_user(request, text % {"round": round_, "count": count}, messages.SUCCESS)


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyMixin, ModelAdmin):
    """People are asked on the page of their round."""

    list_display = ["email", "round", "team", "organization", "user"]
    list_filter = ["organization"]
    list_select_related = ["round", "team", "organization", "user"]
    search_fields = ["email", "team__name", "organization__name"]
    fields = list_display
    readonly_fields = fields


class AnswerInline(ReadOnlyMixin, TabularInline):
    model = Answer
    fields = ["question_key", "choice_key", "note", "evidence_url", "updated_at"]
    readonly_fields = fields
    ordering = ["question_key"]
    extra = 0
    can_delete = False


@admin.register(Response)
class ResponseAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["who", "round", "organization", "version", "status", "created_at", "submitted_at"]
    list_filter = ["status", ("participant", admin.EmptyFieldListFilter), "organization"]
    search_fields = ["=public_id", "user__email", "organization__name"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    fields = [
        "public_id",
        "who",
        "round",
        "organization",
        "version",
        "status",
        "created_at",
        "updated_at",
        "submitted_at",
    ]
    readonly_fields = fields

    def get_inlines(self, request: HttpRequest, obj: Response | None) -> list[type[TabularInline]]:
        """Show answers, but none of one person in a round that promised to be anonymous."""
        return [] if obj is None or _is_anonymous(obj) else [AnswerInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Response]:
        related = ["participant__round", "organization", "user", "version__questionnaire"]
        return Response.objects.select_related(*related).defer("version__definition", "version__source")

    @admin.display(description=gettext_lazy("answered by"))
    def who(self, response: Response) -> str:
        """Name the person, unless the round promised not to."""
        if response.participant is None:
            return str(response.user or _("a visitor"))
        return _("someone, anonymously") if _is_anonymous(response) else response.participant.email

    @admin.display(description=gettext_lazy("round"))
    def round(self, response: Response) -> Round | None:
        return response.participant.round if response.participant else None


def _is_anonymous(response: Response) -> bool:
    return response.participant is not None and response.participant.round.anonymous


@admin.register(Result)
class ResultAdmin(ReadOnlyMixin, ModelAdmin):
    """Results are kept: they go with their organization only, and keep their team and round from being deleted."""

    list_display = ["round", "organization", "team", "level_shown", "respondents", "created_at"]
    list_filter = [("team", admin.EmptyFieldListFilter), "organization"]
    list_select_related = ["round", "organization", "team"]
    search_fields = ["organization__name", "team__name"]
    date_hierarchy = "round__starts_on"
    fields = ["round", "organization", "team", "respondents", "created_at", "score_card"]
    readonly_fields = fields

    def has_delete_permission(self, request: HttpRequest, obj: Result | None = None) -> bool:
        return False

    def reasons_to_keep(self, rows: Collection[Result]) -> list[str]:
        return [_("Results are kept, and go with their organization only.")] if rows else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Result]:
        return Result.objects.defer("card")

    @admin.display(description=gettext_lazy("maturity level"))
    def level_shown(self, result: Result) -> int | None:
        # What may be shown of an anonymous round depends on its other results: the score card's page reads them.
        return None if result.round.anonymous else result.level

    @admin.display(description=gettext_lazy("score card"))
    def score_card(self, result: Result) -> str:
        [kept] = [row for row in kept_results([result.round]) if row.team_id == result.team_id]
        return render_to_string("admin/assessments/score_card.html", {"card": kept.card})


@admin.register(TeamTool)
class TeamToolAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["name", "team", "organization"]
    list_filter = ["organization"]
    list_select_related = ["team", "organization"]
    search_fields = ["name", "team__name", "organization__name"]
    fields = list_display
    readonly_fields = fields


@admin.register(Badge)
class BadgeAdmin(ReadOnlyMixin, ModelAdmin):
    """Owners make them; deleting a row revokes the link."""

    list_display = ["organization", "team", "created_at"]
    list_select_related = ["organization", "team"]
    search_fields = ["organization__name", "team__name"]
    fields = list_display
    readonly_fields = fields


@admin.register(BenchmarkSharing)
class BenchmarkSharingAdmin(ReadOnlyMixin, ModelAdmin):
    """Owners decide about it; deleting a row stops the sharing."""

    list_display = ["organization", "size", "since", "agreed_by"]
    list_filter = ["size"]
    list_select_related = ["organization", "agreed_by"]
    search_fields = ["organization__name"]
    fields = list_display
    readonly_fields = fields


@admin.register(BenchmarkSnapshot)
class BenchmarkSnapshotAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["questionnaire", "version", "starts_on", "size", "created_at"]
    list_filter = ["questionnaire", "size"]
    search_fields = ["questionnaire"]
    fields = [*list_display, "cut_points"]
    readonly_fields = fields


class PublishedBenchmarkForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none when it runs
    """A published benchmark's file."""

    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("YAML, as docs/benchmarks.md says; it replaces its like.")
    )

    class Meta:
        model = PublishedBenchmark
        fields: list[str] = []

    def clean_file(self) -> dict[str, Any]:
        """Return what the file says. Raises ValidationError with each problem."""
        file = self.cleaned_data["file"]
        try:
            return read_benchmark(file.read(), definition_offered, file.name)
        except QuestionnaireError as error:
            raise ValidationError(str(error).splitlines()) from error


@admin.register(PublishedBenchmark)
class PublishedBenchmarkAdmin(ModelAdmin):
    """Sets come from files; here, or by `manage.py benchmark import`."""

    form = PublishedBenchmarkForm
    list_display = ["title", "slug", "questionnaire", "imported_at"]
    list_filter = ["questionnaire"]
    search_fields = ["title", "slug"]

    def get_fields(self, request: HttpRequest, obj: PublishedBenchmark | None = None) -> list[str]:
        return [*self.list_display, "document"] if obj else ["file"]

    def get_readonly_fields(self, request: HttpRequest, obj: PublishedBenchmark | None = None) -> list[str]:
        return self.get_fields(request, obj) if obj else []

    def has_change_permission(self, request: HttpRequest, obj: PublishedBenchmark | None = None) -> bool:
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: PublishedBenchmark,
        form: PublishedBenchmarkForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        obj.pk = import_published(data=form.cleaned_data["file"]).pk
        obj.refresh_from_db()
