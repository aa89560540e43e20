"""Debian's glewlwyd on this machine: a real OpenID Connect provider, with people of the test's own."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from joserfc.jwk import RSAKey

from tests.dovecot import free_port

SCHEMA = Path("/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz")
MODULES = Path("/usr/lib/glewlwyd")
CLIENT, CLIENT_SECRET, PASSWORD = "opslayer", "a-secret-of-the-tests-client", "correct-horse-battery"
CONFIGURATION = """
port={port}
bind_address="127.0.0.1"
external_url="{url}"
login_url="login.html"
api_prefix="api"
static_files_path="{folder}/static"
static_files_mime_types=({{ extension=".html" mime_type="text/html" compress=0 }});
log_mode="file"
log_level="ERROR"
log_file="{folder}/glewlwyd.log"
cookie_secure=0
session_expiration=3600
session_key="GLEWLWYD2_SESSION_ID"
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{modules}/user"
user_middleware_module_path="{folder}/nothing"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
hash_algorithm="SHA512"
database={{ type="sqlite3" path="{folder}/glewlwyd.db" }};
"""


@dataclass(frozen=True)
class Provider:
    """Where it answers. Everybody's password is PASSWORD."""

    url: str

    @property
    def discovery(self) -> str:
        return f"{self.url}/api/oidc/.well-known/openid-configuration"


@contextmanager
def providing(
    folder: Path, people: Mapping[str, str], *, address: str, token_seconds: int = 3600
) -> Iterator[Provider]:
    """A provider of `people` (name -> e-mail address), for pages at `address`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("nothing", "static"):
        (folder / name).mkdir()
    (folder / "static" / "login.html").write_text("<title>Who are you?</title>")  # its own needs scripts
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}")
    with sqlite3.connect(folder / "glewlwyd.db") as database:
        database.executescript(gzip.decompress(SCHEMA.read_bytes()).decode())
    configuration = folder / "glewlwyd.conf"
    configuration.write_text(
        CONFIGURATION.format(port=port, url=provider.url, folder=folder, modules=MODULES)
    )
    process = subprocess.Popen(["glewlwyd", f"--config-file={configuration}"])
    try:
        _await(provider, process)
        _set_up(provider, people, address, token_seconds)
        yield provider
    finally:
        process.terminate()
        process.wait(timeout=20)


def _await(provider: Provider, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            httpx.get(f"{provider.url}/config", timeout=1)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("glewlwyd did not start; `make test` installs Debian's")


def _set_up(provider: Provider, people: Mapping[str, str], address: str, token_seconds: int) -> None:
    with httpx.Client(base_url=f"{provider.url}/api", timeout=20) as admin:
        _done(admin.post("/auth/", json={"username": "admin", "password": "password"}))
        _done(admin.post("/mod/plugin/", json=_plugin(provider, token_seconds)))
        client = {
            "client_id": CLIENT,
            "name": "The pages",
            "confidential": True,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": [f"{address}/oauth2callback"],
            "authorization_type": ["code"],
            "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
            "scope": ["openid"],
            "enabled": True,
        }
        _done(admin.post("/client/", json=client))
        for name, email in people.items():
            person = {
                "username": name, "name": name.title(), "email": email, "password": PASSWORD,
                "scope": ["g_profile", "openid"], "enabled": True,
            }  # fmt: skip
            _done(admin.post("/user/", json=person))
    for name in people:
        with httpx.Client(base_url=f"{provider.url}/api", timeout=20) as person_there:
            _done(person_there.post("/auth/", json=credentials(name)))
            _done(person_there.put(f"/auth/grant/{CLIENT}/", json={"scope": "openid"}))


def credentials(name: str) -> dict[str, str]:
    return {"username": name, "password": PASSWORD}


def _plugin(provider: Provider, token_seconds: int) -> dict[str, Any]:
    key = RSAKey.generate_key(2048, {"kid": "test", "alg": "RS256", "use": "sig"}, private=True)
    return {
        "module": "oidc",
        "name": "oidc",
        "display_name": "oidc",
        "parameters": {
            "iss": f"{provider.url}/api/oidc",
            "jwks-private": json.dumps({"keys": [key.as_dict(private=True)]}),
            "default-kid": "test",
            "jwks-show": True,
            "access-token-duration": token_seconds,
            "refresh-token-duration": 3600,
            "code-duration": 60,
            "auth-type-code-enabled": True,
            "auth-type-code-revoke-replayed": True,
            "allowed-scope": ["openid"],
            "subject-type": "public",
            "pkce-allowed": True,
            "name-claim": "mandatory",
            "name-claim-scope": [],
            "email-claim": "mandatory",
            "email-claim-scope": [],
            "session-management-allowed": False,
        },
    }


def _done(answer: httpx.Response) -> None:
    assert answer.status_code == 200, f"{answer.request.url}: {answer.status_code} {answer.text}"
