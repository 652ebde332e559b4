"""What can be set of the dossier, besides what all services share."""

from typing import Annotated, Literal

from pydantic import Field

from shared import settings


class Settings(settings.Settings):
    """Settings of the dossier."""

    consent: Annotated[
        Literal["enforce", "attest", "off"],
        Field(description="Mailings to contacts whose consent is unknown: leave out, ask for an attestation, or allow"),
    ] = "attest"
