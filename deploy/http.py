"""The HTTP side of a process: the pages and API of its services, and what a supervisor asks of it."""

from collections.abc import Collection, Sequence
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from shared.access import Access
from shared.pages import frame
from shared.process import Service
from shared.store import StoreUnavailable


def application(services: Sequence[Service], access: Access, hosts: Collection[str] = ()) -> FastAPI:
    """Return the application of a process that runs these services; besides loopback it answers to `hosts`."""
    app = FastAPI(
        title="uitpost",
        version=version("uitpost"),
        docs_url=None,  # those pages load scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    for service in services:
        for router in service.routers:
            app.include_router(router)
    _health(app, services)
    frame(app, access, hosts)
    return app


def _operation_id(route: APIRoute) -> str:
    """Name an operation after its function, so that a moved path keeps the name."""
    return route.name


def _health(app: FastAPI, services: Sequence[Service]) -> None:
    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"])
    async def readyz(response: Response) -> dict[str, Any]:
        """Say whether each service reaches NATS and its store; 503 where one does not."""
        said = {service.name: await _readiness(service) for service in services}
        ready = all(all(parts.values()) for parts in said.values())
        response.status_code = 200 if ready else 503
        return {"status": "ready" if ready else "not ready", "services": said}

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Give the metrics of the process in Prometheus' text format."""
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @app.get("/version", tags=["health"])
    async def show_version() -> dict[str, str]:
        """Say which version runs."""
        return {"version": app.version}


async def _readiness(service: Service) -> dict[str, bool]:
    return {"nats": service.connection.client.is_connected, "store": await _answers(service)}


async def _answers(service: Service) -> bool:
    try:
        await service.store.read(_one)
    except (SQLAlchemyError, StoreUnavailable):
        return False
    return True


def _one(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))
