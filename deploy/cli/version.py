"""`uitpost version`: which version this is."""

from importlib.metadata import version as version_of

import typer

from deploy.cli.shown import Shown
from deploy.cli.speak import answers

app = typer.Typer(add_completion=False)


@app.command()
@answers
def version() -> Shown:
    """Print the version."""
    return version_of("uitpost")
