"""What can be set of the mailer, besides what all services share."""

from typing import Annotated

from pydantic import Field

from shared import settings


class Settings(settings.Settings):
    """Settings of the mailer."""

    parts_days: Annotated[
        float,
        Field(
            ge=0,
            description="Days that the personal parts of a mail not recorded separately are kept, "
            "to be sent again unchanged; while it is not final they are kept anyway",
        ),
    ] = 7
