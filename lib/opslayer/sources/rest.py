"""A REST API, described in firm.toml: dlt pages, authenticates and retries; our manifest holds the cursor."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, cast

import requests

from opslayer.config import RestSource, secret
from opslayer.errors import ConfigurationError, SourceError, SourceUnavailable, UnreadableSource
from opslayer.sources.mapping import MappedTable
from opslayer.sources.parquet import Parts
from opslayer.sources.values import exact, write_rows

ATTEMPTS = 5
BACKOFF = 0.5  # seconds, doubled at each attempt; a Retry-After header is obeyed
TIMEOUT = 60.0


class RestReader:
    """Tables behind one API; a table is the endpoint of its name."""

    sparse = True

    def __init__(self, source: RestSource) -> None:
        self.source = source
        self.lag = source.lag
        self.auth = {key: _resolved(value) for key, value in source.auth.items()}

    def present(self, table: str) -> bool:
        return table in self.source.endpoints

    def stamp(self, _table: str, /) -> str | None:
        return None

    def incremental(self, table: str, spec: MappedTable, /) -> bool:
        endpoint = self.source.endpoints.get(table)
        return spec.cursor is not None and endpoint is not None and endpoint.cursor_param is not None

    def read(self, table: str, _spec: MappedTable, floor: str | None, parts: Parts, /) -> None:
        if not self.present(table):
            raise ConfigurationError(
                f"firm.toml\n  at key: endpoints\n    expected an endpoint for each table of the mapping; "
                f'"{table}" has none',
                mend="describe it there, or list the table in `optional`",
            )
        path = self.source.endpoints[table].path
        try:
            write_rows(self._rows(table, floor), parts)
        except SourceError:
            raise
        except Exception as error:
            raise _failure(path, error) from error

    def _rows(self, table: str, floor: str | None) -> Iterator[object]:
        os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
        from dlt.sources.helpers.requests import Client  # loaded only where a firm has such a source
        from dlt.sources.rest_api import rest_api_resources

        session = Client(
            request_timeout=TIMEOUT,
            raise_for_status=False,
            request_max_attempts=ATTEMPTS,
            request_backoff_factor=BACKOFF,
        ).session
        client: dict[str, Any] = {"base_url": self.source.base_url, "session": session}
        if self.auth:
            client["auth"] = dict(self.auth)
        if self.source.paginator:
            client["paginator"] = dict(self.source.paginator)
        resources = [
            {"name": name, "endpoint": self._endpoint(name, floor if name == table else None)}
            for name in self.source.endpoints
        ]
        described = rest_api_resources(cast(Any, {"client": client, "resources": resources}))
        wanted = next(resource for resource in described if resource.name == table)
        return iter(wanted)

    def _endpoint(self, table: str, floor: str | None) -> dict[str, Any]:
        endpoint = self.source.endpoints[table]
        params: dict[str, Any] = dict(endpoint.params)
        if floor is not None and endpoint.cursor_param:
            params[endpoint.cursor_param] = floor
        described: dict[str, Any] = {
            "path": endpoint.path,
            "params": params,
            "response_actions": [partial(_parse_exactly, selector=endpoint.data_selector)],
        }
        if endpoint.data_selector:
            described["data_selector"] = endpoint.data_selector
        return described


def _resolved(value: str) -> str:
    return secret(value) if value.startswith(("env:", "keyring:")) else value


def _parse_exactly(response: requests.Response, *_: object, selector: str | None, **__: object) -> None:
    """Numbers of the answer stay as written; an answer without the selected data is an error, not no rows."""
    from dlt.common import jsonpath

    if not response.ok:
        return
    try:
        body = exact(response.content.decode("utf-8-sig"))  # JSON is UTF-8, whatever the header says
    except ValueError as error:
        raise UnreadableSource(
            f"GET {_path(response)} answered something that is not JSON: {response.text[:80]!r}",
            mend="see that `base_url` and the endpoint's `path` in firm.toml are the API's",
        ) from error
    if selector and not jsonpath.find_values(selector, cast(Any, body)):
        keys = ", ".join(body) if isinstance(body, Mapping) else type(body).__name__
        raise UnreadableSource(
            f'GET {_path(response)} answered without "{selector}"; it has: {keys}',
            mend="mend `data_selector` of the endpoint in firm.toml",
        )
    response.json = lambda **_: body  # type: ignore[method-assign]


def _path(response: requests.Response) -> str:
    """Without the query, which may hold a key."""
    return str(response.url).partition("?")[0]


def _failure(path: str, error: Exception) -> SourceError:
    """The failure in words; the URL's query and the headers stay out, for they may hold a secret."""
    causes = list(_chain(error))
    for cause in causes:
        if isinstance(cause, SourceError):
            return cause
    for cause in causes:
        if isinstance(cause, requests.HTTPError) and cause.response is not None:
            status = cause.response.status_code
            said = f"GET {path} answered {status} {cause.response.reason}"
            if status in (401, 403):
                return SourceUnavailable(said, mend="see that the secret that `auth` refers to is right")
            if status == 404:
                return UnreadableSource(said, mend="mend `path` of the endpoint, or `base_url`, in firm.toml")
            return SourceUnavailable(f"{said}, {ATTEMPTS} times", mend="land again when the API is well")
    for cause in causes:
        if isinstance(cause, requests.RequestException):
            deepest = next((c for c in reversed(causes) if isinstance(c, OSError) and c.strerror), cause)
            reason = getattr(deepest, "strerror", None) or type(cause).__name__
            return SourceUnavailable(
                f"GET {path} got no answer: {reason}",
                mend="land again when the API is up, or mend `base_url`",
            )
    return UnreadableSource(f"GET {path}: {type(causes[-1]).__name__}: {causes[-1]}"[:400])


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
