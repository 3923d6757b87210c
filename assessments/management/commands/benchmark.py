"""Published benchmarks on the command line: list, import, remove."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from assessments.benchmark_files import read_benchmark
from assessments.models import PublishedBenchmark
from assessments.questionnaires.validation import QuestionnaireError
from assessments.selectors.questionnaires import definition_offered
from assessments.services.benchmarks import import_published, remove_published


class Command(BaseCommand):
    help = _("Lists, imports and removes published benchmarks (docs/benchmarks.md).")
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help=_("print every set with its questionnaire"))
        importing = actions.add_parser("import", help=_("keep a file's set, in place of the one with its key"))
        importing.add_argument("file", type=Path)
        removing = actions.add_parser("remove", help=_("delete a set"))
        removing.add_argument("slug")

    def handle(self, *args: Any, **options: Any) -> None:
        act = {"list": self.list, "import": self.import_file, "remove": self.remove}[options["action"]]
        try:
            act(options)
        except QuestionnaireError as error:
            # The problems alone on their lines, FILE:LINE first, as editors and other tools read them.
            self.stderr.write(str(error))
            raise SystemExit(2) from error
        except DatabaseError as error:
            reason = str(error).partition("\n")[0]
            raise CommandError(_("the database does not answer as it should: %s") % reason, returncode=2) from error

    def list(self, options: dict[str, Any]) -> None:
        sets = PublishedBenchmark.objects.all()
        for published in sets:
            self.stdout.write(f"{published.slug}  {published.questionnaire}  {published.title}")
        if not sets:
            self.stdout.write(_("There is no published benchmark yet; docs/benchmarks.md says how to write a file."))

    def import_file(self, options: dict[str, Any]) -> None:
        published = import_published(data=read_benchmark(options["file"], definition_offered))
        self.stdout.write(_("%(title)s is kept as %(slug)s.") % {"title": published.title, "slug": published.slug})

    def remove(self, options: dict[str, Any]) -> None:
        try:
            remove_published(slug=options["slug"])
        except PublishedBenchmark.DoesNotExist as error:
            message = _("there is no benchmark %s; 'benchmark list' shows what there is.") % options["slug"]
            raise CommandError(message, returncode=2) from error
        self.stdout.write(_("%s is removed.") % options["slug"])
