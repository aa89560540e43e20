"""Which addresses a webhook may reach, and how long a receiver may ask to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opslayer.actions.channels.network import ForbiddenAddress, checked_address, is_public
from opslayer.actions.channels.webhook import LONGEST_WAIT, retry_after

MOMENT = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00:ec2::254", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "localhost", "::1"])
def test_however_loopback_is_written(host: str) -> None:
    with pytest.raises(ForbiddenAddress):
        checked_address(host, 80, frozenset())
    assert checked_address(host, 80, frozenset({host})) in ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, timedelta()),
        ("120", timedelta(minutes=2)),
        ("99999999999999", LONGEST_WAIT),
        ("-5", timedelta()),
        ("soon", timedelta()),
        ("Mon, 16 Nov 2026 06:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 16 Nov 2026 05:00:00 GMT", timedelta()),
        ("Mon, 16 Nov 2099 05:00:00 GMT", LONGEST_WAIT),
    ],
)
def test_how_long_a_receiver_is_left_alone(header: str | None, wait: timedelta) -> None:
    assert retry_after(header, MOMENT) == wait
