"""What a person filled in above the list, as it stands in the address of the page."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Self
from uuid import UUID

from starlette.requests import Request

from services.history.domain.looking import Filter
from services.history.domain.status import STATUSES
from services.history.web.look import ZONE
from services.history.web.refusals import wrong

_LONGEST = 200  # characters to look for


@dataclass(frozen=True)
class Given:
    """The fields of the address: Dutch names, empty where nothing was filled in; `na` is the cursor of the page."""

    status: str = ""
    q: str = ""
    mailing: str = ""
    van: str = ""
    tot: str = ""
    na: str = ""
    lang: str = ""

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return what the address of a request says."""
        said = request.query_params
        return cls(*(said.get(name, "").replace("\0", "").strip() for name in cls.__dataclass_fields__))

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        return any((self.status, self.q, self.mailing, self.van, self.tot))

    def query(self) -> dict[str, str]:
        """Return the fields of an address of the same list, at its first page."""
        return {name: value for name, value in asdict(self).items() if value and name != "na"}

    def wanted(self, request: Request) -> Filter:
        """Return the filter for the read model. Raises Problem for what is no status, run or day."""
        if self.status and self.status not in STATUSES:
            raise wrong(request, "status", "invalid_value", "invalid_value")
        try:
            run_id = UUID(self.mailing) if self.mailing else None
        except ValueError:
            raise wrong(request, "mailing", "invalid_value", "invalid_value") from None
        return Filter(
            self.status or None,
            self.q[:_LONGEST] or None,
            run_id,
            since=_midnight(request, "van", self.van, 0),
            until=_midnight(request, "tot", self.tot, 1),
        )


def _midnight(request: Request, field: str, day: str, later: int) -> datetime | None:
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=later), time(), ZONE)
    except (ValueError, OverflowError):
        raise wrong(request, field, "invalid_value", "invalid_value") from None
