"""The `uitpost` command: stdout is data, stderr is talk, and the exit code says how it ended."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from deploy.cli.failure import Failure
from deploy.cli.shown import say

NOUNS = (
    "quickstart",
    "serve",
    "check",
    "contact",
    "draft",
    "event",
    "field-setting",
    "item",
    "mail-server",
    "mailing",
    "history",
    "layout",
    "sender",
    "task",
    "token",
    "type",
    "user",
    "version",
    "view",
    "workflow",
)


class Nouns(TyperGroup):
    """Loads the module of a noun when it is asked for: a command starts without the services it does not run."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the nouns as help lists them."""
        del ctx
        return list(NOUNS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the commands of a noun, None for an unknown one."""
        del ctx
        if cmd_name not in NOUNS:
            return None
        command = typer.main.get_command(import_module(f"deploy.cli.{cmd_name.replace('-', '_')}").app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Nouns,
    name="uitpost",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they would show addresses
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def uitpost() -> None:
    """Record dossier items, mail each contact a personal message, and see what became of it."""


def main() -> None:
    """Run a command, and end as it ended."""
    try:
        app()
    except Failure as failure:
        say(*failure.lines)
        sys.exit(failure.code)
