"""The [billing] section of firm.toml: what is wrong with it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from opslayer.config import load_firm
from opslayer.errors import ConfigurationError
from tests.billing import billing_firm


def test_a_firm_that_bills(tmp_path: Path) -> None:
    billing = billing_firm(tmp_path).billing
    assert billing is not None
    assert billing.iban == "IE29AIBK93115212345678"
    assert billing.number_format.format(year=2026, number=7) == "INV-2026-00007"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("IE29 AIBK", "IE28 AIBK", "check digits"),
        ('country = "IE"', 'country = "Ireland"', "ISO 3166-1"),
        ("tax_rate = 23", "tax_rate = 230", "less than or equal to 100"),
        ("tax_rate = 23", 'tax_rate = 23\nnumber_format = "INV-{number}"', "{year} and {number}"),
        ("tax_rate = 23", 'tax_rate = 23\nnumber_format = "INV-{yaer}-{number}"', "{year} and {number}"),
        ("iban =", "ibahn =", 'nearest: "iban"'),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = billing_firm(tmp_path).directory / "firm.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load_firm(tmp_path)
    assert said in str(caught.value)
