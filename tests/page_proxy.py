"""A proxy that puts a page behind a path prefix, as a company's web server does."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from page_server import free_port, until
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

HOP = {"connection", "transfer-encoding", "content-encoding", "content-length", "host"}


@contextmanager
def behind_prefix(target: str, prefix: str) -> Iterator[str]:
    """Serve `target` under a prefix, taking the prefix off; the address of the page there."""
    client = httpx.AsyncClient(base_url=target, timeout=None)

    async def forward(request: Request) -> Response:
        path = request.url.path.removeprefix(prefix) or "/"
        url = httpx.URL(path=path, query=request.url.query.encode())
        headers = [(key, value) for key, value in request.headers.items() if key not in HOP]
        headers.append(("x-forwarded-host", request.headers["host"]))
        sent = client.build_request(request.method, url, headers=headers, content=await request.body())
        got = await client.send(sent, stream=True)
        kept = {key: value for key, value in got.headers.items() if key not in HOP}

        async def body() -> AsyncIterator[bytes]:
            async for piece in got.aiter_bytes():
                yield piece
            await got.aclose()

        return StreamingResponse(body(), got.status_code, kept)

    methods = ["GET", "POST", "HEAD", "DELETE"]
    app = Starlette(routes=[Route(f"{prefix}{{rest:path}}", forward, methods=methods)])
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{port}{prefix}/"
    finally:
        server.should_exit = True
        thread.join(10)
