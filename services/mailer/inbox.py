"""Hears which mails are made, which mail servers are set up and what is said of runs; is asked about deliveries."""

from services.mailer.application import Deliveries, Messages, Runs
from shared.contracts.asks import (
    MailOutcome,
    MayResend,
    MessageKept,
    MessageWanted,
    OutcomeWanted,
    ResendAnswer,
    Resolve,
    Resolved,
)
from shared.contracts.dossier import (
    MailServerRemoved,
    MailServerSet,
    PreviewRequested,
    RunCancelled,
    RunPaused,
    RunResumed,
)
from shared.contracts.renderer import MailRendered, RenderingFailed
from shared.messaging import Asked, Inbox


def inbox(deliveries: Deliveries, runs: Runs) -> Inbox:
    """Return the ears of the mailer: it only takes on and acknowledges, the store is its queue."""
    ears = Inbox("mailer", at_once=500)

    @ears.hears(MailRendered)
    async def take_on(mail: MailRendered) -> None:
        await deliveries.take_on(mail)

    @ears.hears(PreviewRequested)
    async def take_on_preview(preview: PreviewRequested) -> None:
        await deliveries.take_on_preview(preview)

    @ears.hears(RenderingFailed)
    async def note_unrendered(failed: RenderingFailed) -> None:
        await deliveries.note_unrendered(failed)

    @ears.hears(MailServerSet)
    async def set_server(server: MailServerSet) -> None:
        await deliveries.set_server(server)

    @ears.hears(MailServerRemoved)
    async def remove_server(server: MailServerRemoved) -> None:
        await deliveries.remove_server(server)

    @ears.hears(RunPaused)
    async def pause(run: RunPaused) -> None:
        await runs.pause(run)

    @ears.hears(RunResumed)
    async def resume(run: RunResumed) -> None:
        await runs.resume(run)

    @ears.hears(RunCancelled)
    async def cancel(run: RunCancelled) -> None:
        await runs.cancel(run)

    return ears


def asked(deliveries: Deliveries, messages: Messages) -> Asked:
    """Return the doors of the mailer."""
    doors = Asked("mailer")

    @doors.answers("may-resend", MayResend)
    async def may_resend(question: MayResend) -> ResendAnswer:
        """Say whether the row of this mail may get another one."""
        return await deliveries.may_resend(question)

    @doors.answers("resolve", Resolve)
    async def resolve(wish: Resolve) -> Resolved:
        """Settle a mail in doubt."""
        return await deliveries.resolve(wish)

    @doors.answers("outcome", OutcomeWanted)
    async def outcome(wanted: OutcomeWanted) -> MailOutcome:
        """Say what became of a mail."""
        return await deliveries.outcome(wanted)

    @doors.answers("message", MessageWanted, at_once=4)
    async def message(wanted: MessageWanted) -> MessageKept:
        """Give the bytes of a mail as handed over, kept or made anew and compared."""
        return await messages.message(wanted)

    return doors
