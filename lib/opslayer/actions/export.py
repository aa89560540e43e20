"""The audit trail for somebody outside: CSV to read, and JSON signed so that no byte changes unnoticed.

The signature is a JWS (RFC 7515) by Ed25519 (RFC 8037) over how many events there are and the hash of the
last, which binds all before it. Its header carries the public key: the file proves itself whole; and the
thumbprint of the key (RFC 7638), which the firm tells by another way, proves whose it is.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from opslayer.actions.spreadsheet import plain
from opslayer.config import Firm, secret
from opslayer.errors import ConfigurationError, UsageError
from opslayer.store import Store, Verification, canonical, follow, read_trail

ALGORITHM = "Ed25519"
MAKE_A_KEY = "`openssl genpkey -algorithm ed25519` makes one; set it where [trail] signing_key looks for it"


@dataclass(frozen=True)
class Export:
    """What was written: how many events, the hash of the last, and by which key (its thumbprint)."""

    path: Path
    events: int
    head: str
    key: str | None = None


def export_csv(store: Store, path: Path) -> Export:
    """Every event as a row, its detail as JSON; no cell is a formula. An existing file is replaced."""
    last: Mapping[str, Any] = {}
    with store.reading() as session, path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for last in read_trail(session):
            if last["id"] == 1:
                writer.writerow(last)
            detail = canonical(last["detail"]).decode()
            writer.writerow(plain(value) for value in {**last, "detail": detail}.values())
    return Export(path, last.get("id", 0), last.get("hash", ""))


def export_signed(firm: Firm, store: Store, path: Path, *, moment: datetime) -> Export:
    """Every event as signed JSON. Raises ConfigurationError where the firm has no key, or it is none."""
    key = _signing_key(firm)
    with store.reading() as session:
        events = list(read_trail(session))
    head = events[-1]["hash"] if events else ""
    said = {"firm": firm.name, "exported_at": moment.isoformat(), "count": len(events), "head": head}
    header = {"alg": ALGORITHM, "jwk": key.as_dict(private=False)}
    signature = jws.serialize_compact(header, canonical(said), key, algorithms=[ALGORITHM])
    text = json.dumps(said | {"signature": signature, "events": events}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return Export(path, len(events), head, key.thumbprint())


def verify_export(path: Path, *, key: str | None = None) -> tuple[Verification, str]:
    """Whether a signed export is whole, and the thumbprint of the key that signed it.

    Raises UsageError where the file is no such export, or is of another key than `key`.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        events, signature = content.pop("events"), content.pop("signature")
        public = OKPKey.import_key(jws.extract_compact(signature.encode()).headers()["jwk"])
        trail = follow(events)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, JoseError) as error:
        raise UsageError(f"{path} is no signed export of a trail: {error!r}") from error
    thumbprint = public.thumbprint()
    if key not in (None, thumbprint):
        raise UsageError(f"{path} was signed by the key {thumbprint}, not by {key}")
    if trail.holds:
        why = _unsigned(content, signature, public, trail)
        trail = replace(trail, broken=trail.events, why=why) if why else trail
    return trail, thumbprint


def _unsigned(content: dict[str, Any], signature: str, public: OKPKey, trail: Verification) -> str | None:
    """What of a file is not as it was signed."""
    try:
        signed = jws.deserialize_compact(signature, public, algorithms=[ALGORITHM]).payload
    except JoseError:
        return "the signature is not of this key"
    if signed != canonical(content):
        return "its head is not what was signed"
    if (trail.events, trail.head if trail.events else "") != (content["count"], content["head"]):
        return f"it ends with event {trail.events}, and {content['count']} were signed"
    return None


def _signing_key(firm: Firm) -> OKPKey:
    if firm.trail.signing_key is None:
        raise ConfigurationError("firm.toml has no [trail] signing_key to sign with", mend=MAKE_A_KEY)
    try:
        key = OKPKey.import_key(secret(firm.trail.signing_key))
    except (ValueError, JoseError) as error:
        raise ConfigurationError(
            f"{firm.trail.signing_key} is no private key in PEM", mend=MAKE_A_KEY
        ) from error
    if not key.is_private or key.curve_name != ALGORITHM:
        raise ConfigurationError(f"{firm.trail.signing_key} is no private Ed25519 key", mend=MAKE_A_KEY)
    return key
