"""What the demo firm is fitted to, and its size.

The payment facts are measured on the masked ledger of a small consulting firm (fivetran/dbt_xero 204fd8b,
Apache-2.0): its 103 paid sales invoices, November 2019 to March 2021. No row of it is in here.
"""

from __future__ import annotations

from dataclasses import dataclass

SHARE_LATE = 0.417  # 43 of 103 paid after their due date
# days from due to paid, by the share of invoices that were paid so early or earlier
LATENESS = (
    (0.0, -29.0),
    (0.05, -26.0),
    (0.25, -11.0),
    (0.5, -1.0),
    (1 - SHARE_LATE, 0.5),
    (0.75, 7.5),
    (0.9, 29.4),
    (0.95, 60.3),
    (1.0, 107.0),
)
CLIENT_SHARE = 0.54  # of the variance of lateness (normal scores) that lies between clients: one-way ANOVA
TERMS_DAYS = 30  # the median from issue to due
SIGMA_LOG_AMOUNT = 0.76  # standard deviation of the logarithm of an invoice's total

BASE = "EUR"
MONTHS = 36
INVOICES_A_MONTH = 420
CLIENTS = 240
SUPPLIERS = 60
GROWTH_A_YEAR = 0.07
PRICE_RISE_A_YEAR = 0.03
# work by calendar month: summer and December are slow in a services firm
SEASON = (0.97, 0.99, 1.07, 1.02, 1.01, 1.04, 0.93, 0.84, 1.06, 1.08, 1.07, 0.92)
VAT = 19  # per cent, on sales to clients in the base currency
CURRENCIES = {"EUR": 0.62, "USD": 0.25, "GBP": 0.13}
RATES = {"EUR": 1.0, "USD": 0.92, "GBP": 1.16}  # base currency for one unit, at the start


@dataclass(frozen=True)
class Service:
    """What the firm sells: its revenue account, its price an hour in base currency, its share of lines."""

    item: str
    account: str
    price: float
    share: float


SERVICES = (
    Service("Strategy", "4000", 245.0, 0.12),
    Service("Implementation", "4010", 165.0, 0.38),
    Service("Data engineering", "4020", 180.0, 0.22),
    Service("Managed service", "4030", 120.0, 0.18),
    Service("Training", "4040", 150.0, 0.10),
)
HOURS_AN_INVOICE = 79.0  # gives 75 million a year over the three years
LINES_AN_INVOICE = {1: 0.15, 2: 0.2, 3: 0.3, 4: 0.2, 5: 0.15}
SIGMA_LOG_HOURS = 0.73  # prices, discounts, tax and rates bring the total's to SIGMA_LOG_AMOUNT
DISCOUNT = (0.90, 1.04)  # a client's price against the list, evenly between
DISCOUNT_PLANNED = 0.97


@dataclass(frozen=True)
class Account:
    """A line of the chart of accounts."""

    code: str
    name: str
    type: str


ACCOUNTS = (
    Account("1000", "Bank current account", "bank"),
    Account("1100", "Bank deposit account", "bank"),
    Account("1200", "Trade receivables", "receivable"),
    Account("1500", "Office equipment", "fixed_asset"),
    Account("2000", "Trade payables", "payable"),
    Account("2100", "Value added tax", "current_liability"),
    Account("3000", "Share capital and reserves", "equity"),
    *(Account(service.account, f"Revenue {service.item.lower()}", "revenue") for service in SERVICES),
    Account("4900", "Realised currency gains", "other_income"),
    Account("5000", "Subcontractors", "direct_cost"),
    Account("5100", "Consultants' salaries", "direct_cost"),
    Account("6000", "Staff salaries", "expense"),
    Account("6100", "Rent", "expense"),
    Account("6200", "Software subscriptions", "expense"),
    Account("6300", "Travel", "expense"),
    Account("6400", "Marketing", "expense"),
    Account("6500", "Legal and consulting fees", "expense"),
    Account("6600", "Insurance", "expense"),
)
# share of a month's planned revenue, and bills a month, of what suppliers bill
BILLED = {
    "5000": (0.17, 60),
    "6100": (0.030, 6),
    "6200": (0.020, 24),
    "6300": (0.025, 40),
    "6400": (0.020, 14),
    "6500": (0.010, 8),
    "6600": (0.006, 3),
}
SALARIES = {"5100": 0.44, "6000": 0.12}

# hours worked against hours estimated, by the share of tasks with so small a ratio or smaller: the 10,266
# tasks with both of the SiP data set (Jones and Cullum, arXiv:1901.01621), one row a task
TASK_RATIO = (
    (0.05, 0.20),
    (0.10, 0.36),
    (0.25, 0.714),
    (0.50, 1.00),
    (0.75, 1.22),
    (0.90, 2.005),
    (0.95, 3.13),
)
# Monday to Friday: share of calls to a bank's centre, 5.3 million in 2003 (bank_calls.csv)
ARRIVALS = (0.212, 0.203, 0.197, 0.196, 0.192)

PEOPLE = 420  # on the last day
LEAVERS_A_YEAR = 0.1


@dataclass(frozen=True)
class Role:
    """A grade: its share of the people, cost an hour, price against the service's, target."""

    name: str
    share: float
    cost: float
    price: float
    target: float


ROLES = (
    Role("Partner", 0.05, 130.0, 1.6, 0.40),
    Role("Manager", 0.14, 95.0, 1.25, 0.55),
    Role("Senior consultant", 0.27, 72.0, 1.05, 0.62),
    Role("Consultant", 0.34, 55.0, 0.9, 0.66),
    Role("Analyst", 0.20, 40.0, 0.75, 0.64),
)
STAGES = ("qualified", "discovery", "proposal", "negotiation")
GIVEN_NAMES = ("Aoife", "Bruno", "Chiara", "Declan", "Elif", "Farah", "Goran", "Hanna", "Ivo", "Jana", "Kofi")
FAMILY_NAMES = ("Adeyemi", "Byrne", "Costa", "Doyle", "Eriksen", "Fischer", "Gallo", "Hughes", "Ito", "Kelly")
SKILLS = (
    "Market studies",
    "Operating models",
    "Pricing",
    "Process design",
    "SAP",
    "Salesforce",
    "Change management",
    "Project management",
    "SQL",
    "Python",
    "Spark",
    "Dashboards",
    "Service desk",
    "Cloud operations",
    "Monitoring",
    "Security",
    "Workshops",
    "Coaching",
    "German",
    "French",
)

NAME_STEMS = (
    "Aldermoor",
    "Bracken",
    "Calder",
    "Dunmore",
    "Elmstead",
    "Fairholm",
    "Garrow",
    "Halden",
    "Inverley",
    "Juniper",
    "Kestrel",
    "Lindqvist",
    "Marlow",
    "Northgate",
    "Oakhurst",
    "Penrose",
    "Quarry",
    "Ravensworth",
    "Silverdale",
    "Thornbury",
    "Umber",
    "Valebrook",
    "Westmere",
    "Yarrow",
    "Zennor",
    "Ashdown",
    "Brightwell",
    "Copperfield",
)
NAME_TRADES = (
    "Logistics",
    "Energy",
    "Foods",
    "Instruments",
    "Insurance",
    "Retail",
    "Pharma",
    "Textiles",
    "Media",
    "Water",
    "Rail",
    "Health",
)
