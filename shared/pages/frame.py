"""Puts an application into the frame: problems, guards and signing in."""

from collections.abc import Collection

from fastapi import FastAPI

from shared.access import Access
from shared.pages import login
from shared.pages.guards import CarefulHeaders, KnownHosts, Mishaps, SameOrigin
from shared.pages.problems import answer_with_problems


def frame(app: FastAPI, access: Access, hosts: Collection[str] = ()) -> None:
    """Frame `app`; besides loopback it answers to `hosts`, names without port (`*` for any)."""
    app.state.access = access
    answer_with_problems(app)
    app.include_router(login.router)
    app.add_middleware(Mishaps)
    app.add_middleware(SameOrigin)
    app.add_middleware(KnownHosts, hosts=hosts)
    app.add_middleware(CarefulHeaders)  # added last, so outermost: refusals have the headers too
