"""Parts of pages: a heading, a metric, a table, and what lies behind each of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import people
import polars as pl
import snapshot
import streamlit as st
import widths

from opslayer import alerts, figures, metrics
from opslayer.errors import OpslayerError

TILE = 190  # pixels a metric needs to be whole: six in a row, one on a phone
AT_ONCE = 10  # rows of a table that is not told how high it is
SHOWN = 500  # rows behind a number that a page shows at most
QUIET = timedelta(days=7)
ACTIVE = ("pending", "firing", "acknowledged", "recovering", "silenced", "error")
SAID = ("acknowledged", "silenced")  # states that a person gave an alert


def heading(page: str) -> None:
    """The title of a page, the question it answers, and the day and snapshot it answers from."""
    title, question = page.replace("_", " ").capitalize(), snapshot.page_list(page).question
    live = snapshot.layer().version
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(title, anchor=False)
        people.sign_out()
    firm = snapshot.firm()
    published = live.published_at.astimezone(firm.zone)
    st.markdown(
        f"{question}  \n:small[:gray[{firm.name}, books as of **{day(live.as_of)}**. Snapshot {live.name}, "
        f"published {published:%-d %b, %H:%M}. Amounts in {firm.base_currency}. {people.seen_as()}]]"
    )


def metric_row(*names: str) -> None:
    """Metrics side by side, each with its range, its alert, and what lies behind it."""
    values = snapshot.measured()
    every = snapshot.viewer().rows.practices is None  # an alert is on the firm's number, not on a practice's
    standing = {alert.key: alert for alert in alerts.list_alerts(snapshot.store())} if every else {}
    with st.grid(len(names), min_column_width=TILE, border=True, key=f"metrics-{names[0]}"):
        for name in names:
            with st.container(gap="xsmall"):
                _metric(values[name], standing.get(name))


def _metric(value: metrics.MetricValue, alert: alerts.Alert | None) -> None:
    metric, currency = value.metric, snapshot.firm().base_currency
    change = metrics.difference(value, currency)
    st.metric(
        metric.title,
        metrics.written(value.value, metric.unit, currency).removesuffix(f" {currency}"),
        change.removesuffix(f" {currency}") if change else None,
        delta_color="normal" if metric.better == "higher" else "inverse",
        delta_description=metric.before if change else None,
        help=f"{metric.description} Owner: {metric.owner}.",
    )
    limits = figures.expected(metric.expected, value, currency)
    if value.failure:
        st.markdown(":red-badge[:material/error: cannot be measured]")
    elif value.out_of_range:
        state = alert.state if alert and alert.state in SAID else "out of range"
        st.markdown(f":red-badge[:material/warning: {state}] :small[expected {limits}]")
    elif value.value is None:
        st.markdown(":small[:gray[no data yet: its job has not run]]")
    else:
        st.markdown(f":small[:gray[{f'in range: {limits}' if limits else 'no range is set'}]]")
    with lying_behind(f"metric-{metric.name}") as opened:
        if opened.open:
            st.markdown(f"**{metric.title}**. {metric.description} Owner: {metric.owner}.")
            if value.failure:
                st.error(value.failure)
            else:
                _alert(value, alert)
                _proof(snapshot.proved(metric))
            source(metric.query, "The number")
            source(metric.rows, "The rows behind it", with_rows=True)


def _proof(proof: metrics.Proof) -> None:
    """The number done again from its rows, and what the contracts say of the tables it is read from."""
    if proof.value.value is None:
        return
    unit, currency = proof.value.metric.unit, snapshot.firm().base_currency
    again = metrics.written(proof.recomputed, unit, currency)
    red = f":red[{proof.red} do not]" if proof.red else "none is broken"
    contracts = f"Contract rules on what it reads: {proof.contracts.height - proof.red} hold, {red}."
    if proof.holds:
        st.markdown(
            f":green-badge[:material/check: proved] Its {proof.rows:,} rows give {again}. {contracts}"
        )
    else:
        why = proof.failure or f"its {proof.rows:,} rows give {again}"
        st.markdown(f":red-badge[:material/error: not proved] {why}. {contracts}")


def _alert(value: metrics.MetricValue, alert: alerts.Alert | None) -> None:
    """Where the alert stands, and what a person may say to it."""
    if alert is None or alert.state not in ACTIVE:
        return
    who = f" by {alert.acknowledged_by}" if alert.acknowledged_by else ""
    st.markdown(f"Alert: **{alert.state}**{who}, since {day(alert.since)}.")
    person = people.decider()
    if person is None:
        st.caption("Choose who you are on the page Actions to acknowledge or silence it.")
        return
    name = value.metric.name
    st.text_input("Comment", key=f"said-{name}", placeholder="kept in its history")
    with st.container(horizontal=True):
        if alert.state != "acknowledged":
            st.button(
                "Acknowledge", key=f"acknowledge-{name}", on_click=_acknowledge, args=(name, person.email)
            )
        if alert.state != "silenced":
            st.button(
                "Silence for a week", key=f"silence-{name}", on_click=_silence, args=(name, person.email)
            )


def _acknowledge(metric: str, person: str) -> None:
    said(lambda: alerts.acknowledge(
        snapshot.firm(), snapshot.store(), metric, person=person, comment=_comment(metric),
        moment=snapshot.now(),
    ))  # fmt: skip


def _silence(metric: str, person: str) -> None:
    moment = snapshot.now()
    said(lambda: alerts.silence(
        snapshot.firm(), snapshot.store(), metric, until=moment + QUIET, person=person, why=_comment(metric),
        moment=moment,
    ))  # fmt: skip


def _comment(metric: str) -> str:
    return str(st.session_state.get(f"said-{metric}") or "")


def said(act: Any) -> None:
    """Do what a click asks for; what stands against it is said on the page, and nothing else breaks."""
    try:
        act()
    except OpslayerError as error:
        st.toast(str(error), icon=":material/block:", duration="long")


def theme() -> figures.Theme:
    return "dark" if st.context.theme.type == "dark" else "light"


def table(
    frame: pl.DataFrame, columns: Mapping[str, str], *, empty: str, place: int = widths.PLACE, **options: Any
) -> None:
    """The `columns` (name -> title) of a frame, in a `place` so many pixels wide; days and amounts as people
    write them, and long texts whole."""
    if frame.is_empty():
        st.markdown(f":gray[{empty}]")
        return
    shown = frame.select(_whole(frame[name]) for name in columns)
    fit = widths.fit(shown, columns, place)
    wide = fit.columns if fit else {}
    config = {
        name: _column(name, title, shown.schema[name], wide.get(name)) for name, title in columns.items()
    }
    wanted = "height" in options
    if fit:
        options = {"row_height": fit.row, "height": fit.height} | options
    seen = fit.rows if fit else AT_ONCE
    st.dataframe(shown, hide_index=True, column_config=config, placeholder="", **options)
    if frame.height > seen and not wanted:
        st.caption(f"{frame.height:,} rows; the table scrolls.")


def _whole(values: pl.Series) -> pl.Series:
    """Amounts in whole units; what is small, and what is open on an invoice, to the cent."""
    if not (values.dtype.is_decimal() or values.dtype.is_float()):
        return values
    numbers = values.cast(pl.Float64)
    if _is_share(values.name):
        return numbers.round(2)
    small = numbers.abs().max() or 0.0
    return numbers if values.name == "open_amount" or small < 100 else numbers.round(0)  # type: ignore[operator]


def _is_share(name: str) -> bool:
    return name in figures.SHARES or name.startswith(("share", "probability"))


def _column(name: str, title: str, kind: pl.DataType, width: int | None) -> Any:
    config = st.column_config
    if name == "month":
        return config.DateColumn(title, format="MMM YYYY", width="small")
    if kind == pl.Date:
        return config.DateColumn(title, format="D MMM YYYY", width=104)
    if kind == pl.Datetime:
        return config.DatetimeColumn(title, format="D MMM, HH:mm", timezone=snapshot.firm().zone.key)
    if name.endswith("_json"):
        return config.JsonColumn(title, width=width or "large")
    if kind.is_numeric():
        money = "accounting" if name == "open_amount" else "localized"
        return config.NumberColumn(title, format="percent" if _is_share(name) else money, width=width)
    return config.TextColumn(title, width=width)


def lying_behind(key: str) -> Any:
    """The way to what lies behind a number; its content is made when it is opened."""
    return st.popover(
        f"as of {day(snapshot.as_of())}", type="tertiary", icon=":material/table_rows:", key=f"behind-{key}",
        on_change="rerun", help="The rows and the query behind it",
    )  # fmt: skip


def source(query: str, title: str, *, with_rows: bool = False, **values: Any) -> None:
    live = snapshot.layer().version
    if with_rows:
        found = snapshot.rows(query, **values)
        st.caption(f"{title}: {query}, {len(found):,} rows, snapshot {live.name}.")
        days = found["as_of"].drop_nulls() if "as_of" in found.columns else pl.Series([live.as_of])
        if len(days) and days.max() != live.as_of:
            st.warning(f"These rows are as of {day(days.max())}, older than the snapshot.")  # type: ignore[arg-type]
        table(found.head(SHOWN), {name: name for name in found.columns}, empty="No rows.", height=260,
              row_height=35)  # fmt: skip
    else:
        st.caption(f"{title}: {query}")
    st.code(snapshot.layer().sql(query), language="sql", height=220 if with_rows else "content")


def day(when: date) -> str:
    """A day as people write it: 16 Nov 2026."""
    return f"{when.day} {when:%b %Y}"
