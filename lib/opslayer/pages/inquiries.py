"""What the page Inquiries shows. What strangers wrote stands in tables only: there it is text."""

from __future__ import annotations

from opslayer.intelligence import inquiry, scope, ticket, triage
from opslayer.pages.shown import Meeting, Page, count, figure, sentence, table, total

INQUIRIES = Page(
    "inquiries",
    "Who asks for what, is there room, and what would it come to?",
    metrics=("inquiries", "inquiries_price", "mail_for_a_person"),
    shows=(
        sentence("headline", lambda read, **_: inquiry.headline(read("inquiries"))),
        table(
            "inquiries_named",
            "inquiries_named",
            {
                "subject": "Subject",
                "from_name": "From",
                "match": "Who",
                "practice": "Practice",
                "wanted": "Wanted",
                "capacity": "Room",
                "reasons": "Why",
            },
            empty="Nobody has asked for work.",
            meets=(Meeting("as many as the number above says", count, metric="inquiries"),),
        ),
        figure("inquiry_room", "inquiry_capacity"),
        sentence("triage_said", lambda read, **_: triage.headline(read("triage"))),
        table(
            "triage_handed",
            "triage_handed",
            {
                "sender": "From",
                "about": "About",
                "intent": "Wants",
                "urgency": "Urgency",
                "to_person": "For",
                "reasons": "Why",
            },
            empty="Nothing is anybody's.",
        ),
        sentence("tickets_said", lambda read, **_: ticket.headline(read("ticket_risk"))),
        table(
            "tickets_at_risk",
            lambda read, **_: ticket.at_risk(read("ticket_risk")),
            {
                "number": "Ticket",
                "client": "Client",
                "about": "About",
                "probability": "Will be late",
                "has_it": "Has it",
                "to_team": "Ends such tickets",
                "reasons": "Why late",
            },
            empty="None stands out.",
        ),
        sentence("scopes_said", lambda read, **_: scope.headline(read("scopes"), currency=read.currency)),
        figure("scope_prices", "scopes"),
        table(
            "scopes",
            "scopes",
            {
                "subject": "Subject",
                "hours": "Hours",
                "weeks": "Weeks",
                "price_base": "Price",
                "price_lower_80_base": "From",
                "price_upper_80_base": "To",
                "budget_base": "May be spent",
                "reasons": "Why",
            },
            empty="None is drafted. The job monday drafts them.",
            meets=(
                Meeting(
                    "the prices add up to the number above", total("price_base"), metric="inquiries_price"
                ),
            ),
        ),
        sentence("backtest_said", lambda read, **_: scope.backtest_verdict(read("scope_backtest"))),
        table(
            "inquiries_unclear",
            "inquiries_unclear",
            {
                "received_at": "Came",
                "from_address": "From",
                "subject": "Subject",
                "excerpt": "Begins",
                "reasons": "Why",
            },
            empty="No mail is unclear.",
            meets=(Meeting("as many as the number above says", count, metric="mail_for_a_person"),),
        ),
    ),
)
