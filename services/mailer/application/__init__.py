"""What the mailer does: takes on deliveries, hands them to mail servers, answers for them afterwards."""

from services.mailer.application.deliveries import Deliveries
from services.mailer.application.dispatch import Dispatch
from services.mailer.application.ports import Due, Exchange, Hand, Servers, Tools, Writer

__all__ = ["Deliveries", "Dispatch", "Due", "Exchange", "Hand", "Servers", "Tools", "Writer"]
