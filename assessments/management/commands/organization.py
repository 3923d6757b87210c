"""Organizations on the command line: list, export, import, and the schema of their files."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from assessments.exchange.reading import DocumentError, read_document, whole_schema
from assessments.exchange.snapshots import snapshot
from assessments.exchange.writing import organization_document
from assessments.services.exchange import import_organization
from organizations.audit.downloads import record_download
from organizations.audit.trail import Taken
from organizations.models import Organization
from organizations.services.organizations import SlugTaken


class Command(BaseCommand):
    help = _("Lists, exports and imports organizations (docs/exports.md).")
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)

        actions.add_parser("list", help=_("print every organization"))
        actions.add_parser("schema", help=_("print the JSON Schema of the files"))

        export = actions.add_parser("export", help=_("print an organization as JSON"))
        export.add_argument("slug")
        export.add_argument("--output", type=Path, metavar="FILE", help=_("write here instead of printing"))

        importing = actions.add_parser("import", help=_("make an organization from a file"))
        importing.add_argument("file", type=Path)
        importing.add_argument("--slug", default="", help=_("its address here, in place of the one in the file"))

    def handle(self, *args: Any, **options: Any) -> None:
        act = {
            "list": self.list,
            "schema": self.schema,
            "export": self.export,
            "import": self.import_file,
        }[options["action"]]
        try:
            act(options)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}", returncode=2) from error
        except DatabaseError as error:
            reason = str(error).partition("\n")[0]
            raise CommandError(_("the database does not answer as it should: %s") % reason, returncode=2) from error

    def list(self, options: dict[str, Any]) -> None:
        organizations = Organization.objects.order_by("slug")
        if not organizations:
            self.stdout.write(_("There is no organization yet."))
        for organization in organizations:
            self.stdout.write(f"{organization.slug}  {organization.name}")

    def schema(self, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(whole_schema(), indent=2, ensure_ascii=False))

    def export(self, options: dict[str, Any]) -> None:
        organization = Organization.objects.filter(slug=options["slug"]).first()
        if organization is None:
            raise CommandError(
                _("there is no organization %s; 'organization list' shows what there is.") % options["slug"],
                returncode=2,
            )
        output = options["output"]
        record_download(of=organization, what=Taken.DATA, extension="json")
        with snapshot():
            if output is None:
                for piece in organization_document(organization):
                    self.stdout.write(piece, ending="")
                return
            with output.open("w", encoding="utf-8") as file:
                file.writelines(organization_document(organization))
        self.stdout.write(_("%(file)s: %(slug)s written.") % {"file": output, "slug": organization.slug})

    def import_file(self, options: dict[str, Any]) -> None:
        name, slug = options["file"], options["slug"]
        content = sys.stdin.buffer.read() if str(name) == "-" else name.read_bytes()
        try:
            document = read_document(content)
            if slug:
                Organization(slug=slug).clean_fields(exclude=["name", "created_at"])
            organization = import_organization(document=document, slug=slug)
        except DocumentError as error:
            # The problems alone on their lines, as editors and other tools read them.
            self.stderr.write("\n".join(f"{name}: {problem}" for problem in error.problems))
            raise SystemExit(2) from error
        except ValidationError as error:
            raise CommandError(f"--slug: {error.messages[0]}", returncode=2) from error
        except SlugTaken as error:
            raise CommandError(
                _("there is an organization %s already; give this one another address with --slug.") % error,
                returncode=2,
            ) from error
        self.stdout.write(_("%(file)s: %(slug)s imported.") % {"file": name, "slug": organization.slug})
