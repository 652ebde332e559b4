"""A mailer in a hurry: what waits minutes in earnest waits moments here."""

import pytest

from services.mailer.application import postman
from services.mailer.domain import pace


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten every wait between attempts and before the next knock at a server."""
    monkeypatch.setattr(pace, "MAIL_WAITS", (0.05,))
    monkeypatch.setattr(pace, "SERVER_WAITS", (0.02, 0.05))
    monkeypatch.setattr(postman, "_AFTER_A_LOSS", 0.05)
    monkeypatch.setattr(postman, "_UNTIL_STORE", 0.02)
