"""A Hugging Face Hub of a few repositories on 127.0.0.1: as much of it as a client asks that fetches a snapshot."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

Files = dict[str, bytes]


@dataclass
class FakeHub:
    """Repositories owner/name -> their commits, the last one is main; `asked`: every request so far."""

    repositories: dict[str, list[Files]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def push(self, name: str, folder: Path) -> str:
        """A new commit with the files of a folder; its id."""
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return self.commit(name, files)

    def commit(self, name: str, files: Files) -> str:
        commits = self.repositories.setdefault(name, [])
        commits.append(files)
        return commit_id(name, len(commits) - 1)

    def find(self, name: str, revision: str) -> tuple[str, Files] | None:
        """Commit and files of a revision."""
        commits = self.repositories[name]
        for number, files in reversed(list(enumerate(commits))):
            if revision in ("main", commit_id(name, number), f"v{number + 1}"):
                return commit_id(name, number), files
        return None


def commit_id(name: str, number: int) -> str:
    return hashlib.sha1(f"{name} {number}".encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        self.hub.asked.append(f"{self.command} {path}")
        words = path.removeprefix("api/models/").split("/")
        name, rest = "/".join(words[:2]), words[2:]
        if name not in self.hub.repositories:
            return self._refuse(404, "RepoNotFound")
        kind, revision, *file = rest or ("revision", "main")
        found = self.hub.find(name, revision)
        if found is None:
            return self._refuse(404, "RevisionNotFound")
        commit, files = found
        if kind == "revision":
            siblings = [{"rfilename": key, "size": len(content)} for key, content in files.items()]
            return self._json({"id": name, "modelId": name, "sha": commit, "siblings": siblings, "tags": []})
        if kind == "tree":
            entries = [{"type": "file", "path": key, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                       for key, content in files.items()]  # fmt: skip
            return self._json(entries)
        if name in self.hub.gated:
            return self._refuse(403, "GatedRepo")
        content = files.get("/".join(file))
        return self._refuse(404, "EntryNotFound") if content is None else self._send(200, content, commit)

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"{}", error=code)

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode())

    def _send(self, status: int, content: bytes, commit: str = "", error: str = "") -> None:
        self.send_response(status)
        headers = {
            "Content-Length": str(len(content)), "ETag": f'"{hashlib.sha1(content).hexdigest()}"',
            "Content-Type": "application/octet-stream" if commit else "application/json",
            "X-Repo-Commit": commit, "X-Error-Code": error,
        }  # fmt: skip
        for key, value in headers.items():
            if value:
                self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def serving(hub: FakeHub) -> Iterator[FakeHub]:
    """The Hub at its `url` until the end, or until it is left early: then nobody answers there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
