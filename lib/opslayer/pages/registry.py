"""Every page, in the order of its menu."""

from __future__ import annotations

from opslayer.pages.actions import ACTIONS
from opslayer.pages.alerts import ALERTS
from opslayer.pages.briefing import BRIEFING
from opslayer.pages.cash import CASH
from opslayer.pages.data_health import DATA_HEALTH
from opslayer.pages.delivery import DELIVERY
from opslayer.pages.documents import DOCUMENTS
from opslayer.pages.inquiries import INQUIRIES
from opslayer.pages.models import MODELS
from opslayer.pages.people import PEOPLE
from opslayer.pages.results import RESULTS
from opslayer.pages.revenue import REVENUE
from opslayer.pages.rules import RULES
from opslayer.pages.runs import RUNS
from opslayer.pages.shown import Page
from opslayer.pages.staffing import STAFFING
from opslayer.pages.today import TODAY
from opslayer.pages.what_if import WHAT_IF

PAGES: dict[str, Page] = {
    page.name: page
    for page in (
        TODAY,
        BRIEFING,
        ALERTS,
        CASH,
        RESULTS,
        DELIVERY,
        PEOPLE,
        STAFFING,
        INQUIRIES,
        DOCUMENTS,
        WHAT_IF,
        REVENUE,
        ACTIONS,
        RULES,
        MODELS,
        DATA_HEALTH,
        RUNS,
    )
}
