"""Questionnaires on the command line: list, export, import, validate, and load those that are shipped."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.differences import differences
from assessments.models import QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from assessments.questionnaires.files import read, read_valid, shipped, valid
from assessments.questionnaires.patching import written
from assessments.questionnaires.validation import SCHEMA_FILE, QuestionnaireError
from assessments.questionnaires.wording import in_words
from assessments.selectors.questionnaires import version_to_export, versions_for_all
from assessments.services.questionnaires import NotADraft, import_definition, offer_definition, publish_version


class Command(BaseCommand):
    help = _("Lists, exports, imports, validates and loads questionnaires (docs/questionnaires.md).")
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)

        actions.add_parser("list", help=_("print every version with its status"))

        export = actions.add_parser("export", help=_("print a version as YAML"))
        export.add_argument("slug")
        export.add_argument(
            "--version", dest="number", type=int, help=_("by default the newest published, else the newest")
        )
        export.add_argument("--output", type=Path, metavar="FILE", help=_("write here instead of printing"))

        importing = actions.add_parser("import", help=_("keep a file as a new draft version"))
        importing.add_argument("file", type=Path)
        importing.add_argument("--publish", action="store_true", help=_("publish it at once"))

        validate = actions.add_parser("validate", help=_("say what is wrong with files, without a database"))
        validate.add_argument("files", type=Path, nargs="+", metavar="file")

        actions.add_parser("schema", help=_("print the JSON Schema of the format, for editors"))

        actions.add_parser("load", help=_("import and publish the shipped questionnaires; safe to repeat"))

    def handle(self, *args: Any, **options: Any) -> None:
        act = {
            "list": self.list,
            "export": self.export,
            "import": self.import_file,
            "validate": self.validate,
            "schema": self.schema,
            "load": self.load,
        }[options["action"]]
        try:
            act(options)
        except QuestionnaireError as error:
            self.refuse(str(error))
        except DatabaseError as error:
            reason = str(error).partition("\n")[0]
            raise CommandError(_("the database does not answer as it should: %s") % reason, returncode=2) from error

    def refuse(self, problems: str) -> None:
        """End with the problems alone on their lines, FILE:LINE first, as editors and other tools read them."""
        self.stderr.write(problems)
        raise SystemExit(2)

    def list(self, options: dict[str, Any]) -> None:
        rows = [
            (
                version.questionnaire.slug,
                str(version.number),
                str(version.get_status_display()),
                version.questionnaire.title,
            )
            for version in versions_for_all()
        ]
        if not rows:
            self.stdout.write(_("There is no questionnaire yet; load the shipped ones with 'questionnaire load'."))
            return
        header = (_("QUESTIONNAIRE"), _("VERSION"), _("STATUS"), _("TITLE"))
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        for row in (header, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())

    def export(self, options: dict[str, Any]) -> None:
        slug, number, output = options["slug"], options["number"], options["output"]
        version = version_to_export(slug, number)
        if version is None:
            missing = (
                _("there is no questionnaire %(slug)s") if number is None else _("%(slug)s has no version %(number)d")
            )
            raise CommandError(
                (missing + _("; 'questionnaire list' shows what there is.")) % {"slug": slug, "number": number},
                returncode=2,
            )
        text = written(version.definition, version.source)
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}", returncode=2) from error
        self.stdout.write(_("%(file)s: %(version)s written.") % {"file": output, "version": _name(version)})

    def import_file(self, options: dict[str, Any]) -> None:
        document = read(options["file"])
        data = valid(document)
        before = version_to_export(data["slug"])
        version, is_new = import_definition(data=data, source=document.text)
        if is_new:
            self.stdout.write(_("%s imported as a draft.") % _name(version))
            for difference in differences(before.definition, data) if before else ():
                self.stdout.write(f"  {in_words(difference)}")
        else:
            self.stdout.write(_("%s says the same already: nothing changed.") % _name(version))
        if options["publish"] and version.status != VersionStatus.PUBLISHED:
            self.publish(version)

    def publish(self, version: QuestionnaireVersion) -> None:
        try:
            publish_version(version=version)
        except NotADraft as error:
            raise CommandError(
                _("%s is retired, so it is not published; offer it again in the administration.") % _name(version),
                returncode=2,
            ) from error
        self.stdout.write(_("%s published.") % _name(version))

    def validate(self, options: dict[str, Any]) -> None:
        problems = []
        for path in options["files"]:
            try:
                self.stdout.write(
                    _("%(file)s: valid, %(counts)s") % {"file": path, "counts": _counts(read_valid(path))}
                )
            except QuestionnaireError as error:
                problems.append(str(error))
        if problems:
            self.refuse("\n".join(problems))

    def schema(self, options: dict[str, Any]) -> None:
        self.stdout.write(SCHEMA_FILE.read_text("utf-8"), ending="")

    def load(self, options: dict[str, Any]) -> None:
        for path in shipped().values():
            document = read(path)
            version, is_new = offer_definition(data=valid(document), source=document.text)
            text = _("%s published.") if is_new else _("%s is there already.")
            self.stdout.write(text % _name(version))


def _name(version: QuestionnaireVersion) -> str:
    return _("%(slug)s version %(number)d") % {"slug": version.questionnaire.slug, "number": version.number}


def _counts(data: dict[str, Any]) -> str:
    dimensions, levels = len(data["dimensions"]), len(data["levels"])
    questions = sum(len(dimension["questions"]) for dimension in data["dimensions"])
    return ", ".join(
        [
            ngettext("%d dimension", "%d dimensions", dimensions) % dimensions,
            ngettext("%d question", "%d questions", questions) % questions,
            ngettext("%d level", "%d levels", levels) % levels,
        ]
    )
