"""Puts the routes together over what the server serves with."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router, WebSocketRoute
from starlette.types import ASGIApp

from api.calendar import calendar_routes
from api.current import Current
from api.devices import DeviceEndpoints
from api.envelope import Envelope, Lifecycle
from api.graphql import GraphQLEndpoint
from api.pages import PHONE, SCANNER, page_routes
from api.problem import RETRY, json_response
from api.sandbox import Sandbox
from api.subscriptions import SubscriptionEndpoint
from schema.execution import Engine
from services.database import Database, DatabaseUnavailable
from services.settings import Mode


def create_app(current: Current, lifecycle: Lifecycle) -> ASGIApp:
    """The ASGI application: GraphQL, scanners' endpoints and page, calendars, health; in the demo sandbox and phone."""
    resources = current.resources
    engine = Engine(resources.settings)
    routes: list[Route | WebSocketRoute] = [
        Route("/graphql", GraphQLEndpoint(current, engine).handle, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", SubscriptionEndpoint(current, engine).handle),
        *DeviceEndpoints(current).routes(),
        *calendar_routes(current),
        *page_routes(SCANNER),
        *_health(resources.database, lifecycle),
    ]
    if resources.settings.mode is Mode.DEMO:
        routes += [*Sandbox(resources.settings, resources.clock).routes(), *page_routes(PHONE)]
    # Without redirects: a scanner's POST would lose its body on the way.
    router = Router(routes, redirect_slashes=False)
    return Envelope(router, lifecycle, {route.path for route in routes})


def _health(database: Database, lifecycle: Lifecycle) -> list[Route]:
    async def alive(request: Request) -> Response:
        """The process answers; says nothing of what stands behind it, as a restart would not mend that."""
        del request
        return json_response({"status": "alive"})

    async def ready(request: Request) -> Response:
        """Whether requests should come here: the database answers and no shutdown is announced."""
        del request
        if lifecycle.draining:
            return json_response({"status": "stopping"}, 503, RETRY)
        try:
            await database.ping()
        except DatabaseUnavailable:
            return json_response({"status": "database away"}, 503, RETRY)
        return json_response({"status": "ready"})

    return [Route("/healthz", alive, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]
