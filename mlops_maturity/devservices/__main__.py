"""The command line of the private services."""

from __future__ import annotations

import sys
from argparse import REMAINDER, ArgumentParser
from pathlib import Path

from mlops_maturity.devservices.environment import DEFAULT_PORT, write_env
from mlops_maturity.devservices.folders import CHECKOUT, Folder, ServiceError, data_root
from mlops_maturity.devservices.processes import guard
from mlops_maturity.devservices.supervisor import run_command, run_demo


def main() -> int:
    """Do what the command line says; return the exit code, 1 after a line on what keeps it from being done."""
    parser = ArgumentParser(prog="python -m mlops_maturity.devservices", description="Private PostgreSQL and Redis.")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="run the whole application with its demo data, until Ctrl-C")
    demo.add_argument("--port", default=str(DEFAULT_PORT))
    run = commands.add_parser("run", help="run a command on services of its own: run -- COMMAND ...")
    run.add_argument("words", nargs=REMAINDER)
    commands.add_parser("env", help="write the addresses of the demo's services to .env, for manage.py")
    commands.add_parser("guard", help="of use to the others only").add_argument("folder", type=Path)
    options = parser.parse_args()
    try:
        match options.command:
            case "demo":
                run_demo(Folder(data_root() / "demo"), _port(options.port))
            case "run":
                words = options.words[options.words[:1] == ["--"] :]
                return run_command(data_root(), words or parser.error("run needs a command"))
            case "env":
                write_env(Folder(data_root() / "demo"), CHECKOUT / ".env")
            case "guard":
                guard(Folder(options.folder))
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 2**16):
        raise ServiceError(f"{text!r} is no port: choose a number from 1 to 65535 with PORT=")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
