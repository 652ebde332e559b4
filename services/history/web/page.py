"""The history as plain pages: a list with filters, and one row with its timeline. They work without scripts."""

from functools import partial
from typing import Annotated, Any, Literal, cast, get_args
from urllib.parse import parse_qs, urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.history.application import History, Resending
from services.history.application.refused import Refused
from services.history.domain.resend import Deed, Wish
from services.history.domain.run import Sought
from services.history.domain.status import OPEN, RESENDABLE, STATUSES
from services.history.web.look import CSS, answer_of, made_with_of, place_of, templates, words_of
from services.history.web.looked import Given
from services.history.web.refusals import Worded, cursor_of
from services.history.web.words import Words, words_in
from shared.access import Caller
from shared.messaging import NoAnswer, Refusal
from shared.pages import language, reads, sends

_ROWS = 50
_RUNS = 50  # in the list of runs to choose from
_LONGEST = 1000  # characters of a reason
_DONE = {"resent", "resend_waits", "resolved", "message_kept", "message_remade_equal", "message_remade_different"}
Outcome = Literal["sent", "not_sent", "resend"]
Reader = Annotated[Caller, Depends(reads)]
Sender = Annotated[Caller, Depends(sends)]


def routes(history: History, resending: Resending) -> APIRouter:
    """Return the routes of the pages."""
    router = APIRouter(include_in_schema=False, route_class=Worded)
    _show(router, history)
    _act(router, history, resending)
    return router


def _show(router: APIRouter, history: History) -> None:
    @router.get("/", dependencies=[Depends(reads)])
    async def enter(request: Request) -> Response:
        return RedirectResponse(_url(request, "/verwerking"), 303)

    @router.get("/verwerking")
    async def show_list(request: Request, caller: Reader) -> Response:
        given = Given.of(request)
        page = await history.page(given.wanted(request), _ROWS, cursor_of(request, given.na or None))
        here = given.query()
        return _rendered(
            request,
            caller,
            "list.html",
            page=page,
            given=given,
            filtered=given.is_filtered,
            tabs=_tabs(given, await history.counts()),
            runs=(await history.runs(Sought(), _RUNS)).items,
            newest=_link("/verwerking", here) if given.na else None,
            older=_link("/verwerking", here | {"na": str(page.next)}) if page.next else None,
        )

    @router.get("/verwerking/{id}")
    async def show_row(request: Request, id: UUID, caller: Reader) -> Response:  # noqa: A002 -- the name in the URL
        row, mails, timeline = await history.line(id)
        may_send = "send" in caller.scopes
        return _rendered(
            request,
            caller,
            "row.html",
            row=row,
            mails=mails,
            timeline=timeline,
            run_url=_url(request, "/verwerking", mailing=str(row["run_id"])),
            notice=_notice(request),
            key=uuid4(),
            may_resend=may_send and row["status"] in RESENDABLE and row["issue_method"] != "document",
            may_remake=may_send and row["status"] not in OPEN and row["issue_method"] == "document",
            may_resolve=may_send and row["status"] == "in_doubt",
        )

    @router.get("/static/history/app.css")
    async def show_css() -> Response:
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(CSS, media_type="text/css", headers=headers)

    @router.get("/verwerking/{id}/vergelijking", dependencies=[Depends(reads)])
    async def compare(request: Request, id: UUID) -> Response:  # noqa: A002
        """Say whether the latest message is kept, or made anew and equal to what was sent."""
        try:
            message = await history.message(id)
        except (Refused, Refusal) as refusal:
            return _back(request, id, fout=refusal.code)
        except NoAnswer:
            return _back(request, id, fout="no_answer")
        return _back(request, id, gedaan=f"message_{message.kept.remade.replace('-', '_')}")


def _act(router: APIRouter, history: History, resending: Resending) -> None:
    @router.post("/verwerking/{id}/opnieuw")
    async def resend(request: Request, id: UUID, caller: Sender) -> Response:  # noqa: A002
        form = await _form(request)
        row, _, _ = await history.line(id)
        deed: Deed = "remake" if row["issue_method"] == "document" else "resend"
        wish = Wish(caller.name, (id,), reason=form.get("reason", "")[:_LONGEST], deed=deed)
        try:
            job = await resending.resend(wish, form.get("key", ""))
        except (Refused, Refusal) as refusal:
            return _back(request, id, fout=refusal.code)
        except NoAnswer:
            return _back(request, id, fout="no_answer")
        (answer,) = await resending.answers(job.job_id, 1)
        if answer.outcome == "refused":
            return _back(request, id, fout=answer.code or "")
        return _back(request, id, gedaan="resent" if answer.outcome == "resent" else "resend_waits")

    @router.post("/verwerking/{id}/afhandelen")
    async def resolve(request: Request, id: UUID, caller: Sender) -> Response:  # noqa: A002
        form = await _form(request)
        outcome = form.get("outcome", "")
        if outcome not in get_args(Outcome):
            return _back(request, id, fout="invalid_request")
        try:
            await history.resolve(id, cast("Outcome", outcome), caller.name, form.get("reason", "")[:_LONGEST])
        except Refusal as refusal:
            return _back(request, id, fout=refusal.code)
        except NoAnswer:
            return _back(request, id, fout="no_answer")
        return _back(request, id, gedaan="resolved")


def _rendered(request: Request, caller: Caller, template: str, **values: Any) -> Response:
    words = words_in(language(request))
    views = {
        "w": words,
        "caller": caller,
        "url": partial(_url, request),
        "other_language": _other_language(request, words),
        "answer_of": partial(answer_of, words=words),
        "place_of": partial(place_of, words=words),
        "words_of": partial(words_of, words=words),
        "made_with_of": partial(made_with_of, words=words),
    }
    headers = {"Cache-Control": "no-store", "Content-Language": words.language, "Vary": "Accept-Language"}
    return HTMLResponse(templates().get_template(template).render(**views, **values), headers=headers)


async def _form(request: Request) -> dict[str, str]:
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    return {name: values[0].replace("\0", "") for name, values in fields.items()}


def _back(request: Request, row: UUID, **said: str) -> Response:
    return RedirectResponse(_url(request, f"/verwerking/{row}", **said), 303)


def _notice(request: Request) -> dict[str, str] | None:
    """Return what became of a wish, as the address says by its code; words of our own only."""
    words = words_in(language(request))
    refused, done = request.query_params.get("fout"), request.query_params.get("gedaan")
    if refused is not None:
        return {"tone": "bad", "text": words.refusal(refused) or words.refusal("not_now")}
    return {"tone": "ok", "text": words(done)} if done in _DONE else None


def _tabs(given: Given, counts: dict[str, int]) -> list[dict[str, Any]]:
    here = given.query()
    wanted = [status for status in STATUSES if counts.get(status) or status == given.status]
    tabs = [(None, sum(counts.values())), *((status, counts.get(status, 0)) for status in wanted)]
    return [
        {
            "status": status,
            "n": n,
            "here": status == (given.status or None),
            "url": _link("/verwerking", here | {"status": status or ""}),
        }
        for status, n in tabs
    ]


def _url(request: Request, path: str, **query: str) -> str:
    """Return an address that keeps the language that was asked for in the present one."""
    asked = request.query_params.get("lang")
    return _link(path, query | ({"lang": asked} if asked in {"nl", "en"} else {}))


def _other_language(request: Request, words: Words) -> str:
    said = {name: value for name, value in request.query_params.items() if name not in {"gedaan", "fout"}}
    return _link(request.url.path, said | {"lang": "en" if words.language == "nl" else "nl"})


def _link(path: str, query: dict[str, str]) -> str:
    said = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{said}" if said else path
