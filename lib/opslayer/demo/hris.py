"""The staff system's workbook: employees, absences, skills, schedules and holidays under its own heads."""

from __future__ import annotations

import re
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

import polars as pl
from openpyxl import Workbook

Tables = dict[str, pl.DataFrame]
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def hris_tables(staff: Tables) -> Tables:
    """The sheets, from person, working_hours, leave, skill and holiday of the templates; dates as dates."""
    person = staff["person"]
    return {
        "employees": person.select(
            pl.col("person_id").alias("Employee ID"),
            pl.col("name").str.split(" ").list.first().alias("First Name"),
            pl.col("name").str.split(" ").list.last().alias("Last Name"),
            pl.col("email").alias("Work Email"),
            pl.col("practice").alias("Department"),
            pl.col("role").alias("Job Title"),
            pl.col("manager_id").alias("Reports To"),
            _day("hired_on", "Hire Date"),
            _day("left_on", "Termination Date"),
            _number("weekly_hours", "Weekly Hours"),
            _number("cost_rate", "Cost Rate"),
            _number("bill_rate", "Charge-out Rate"),
            _number("utilisation_target", "Utilisation Target"),
        ),
        "absences": staff["leave"].select(
            pl.col("leave_id").alias("Request ID"),
            pl.col("person_id").alias("Employee ID"),
            _day("starts_on", "From"),
            _day("ends_on", "To"),
            _number("hours_a_day", "Hours per Day"),
            pl.col("kind").str.to_titlecase().alias("Type"),
            pl.col("status").str.to_titlecase().alias("Status"),
        ),
        "skills": staff["skill"].select(
            pl.col("skill_id").alias("Record"),
            pl.col("person_id").alias("Employee ID"),
            pl.col("skill").alias("Skill"),
            pl.col("level").alias("Level"),
        ),
        "schedules": staff["working_hours"].select(
            pl.col("person_id").alias("Employee ID"),
            pl.col("time_zone").alias("Time Zone"),
            pl.col("works_from").alias("From"),
            pl.col("works_until").alias("Until"),
        ),
        "holidays": staff["holiday"].select(_day("day", "Date"), pl.col("name").alias("Holiday")),
    }


def _day(column: str, head: str) -> pl.Expr:
    return pl.col(column).str.to_date().alias(head)


def _number(column: str, head: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64).alias(head)


def write_workbook(path: Path, sheets: Tables, *, as_of: date) -> None:
    """One workbook, a sheet a table; the same tables write the same bytes."""
    book = Workbook(write_only=True)
    for name, frame in sheets.items():
        sheet = book.create_sheet(name.title())
        sheet.append(frame.columns)
        for row in frame.iter_rows():
            sheet.append(row)
    written = BytesIO()
    book.save(written)
    stamp = f"{as_of}T05:00:00Z".encode()
    with zipfile.ZipFile(written) as made, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for part in made.namelist():  # a workbook says when it was saved, and so does its archive
            content = made.read(part)
            if part == "docProps/core.xml":
                content = _STAMP.sub(stamp, content)
            out.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
