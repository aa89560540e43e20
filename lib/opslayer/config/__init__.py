"""firm.toml and the YAML folders, read into frozen models; every error names the key and the mend."""

from opslayer.config.access import ROLES, AccessSection, LoginSection, Role
from opslayer.config.alerts import AlertsSection
from opslayer.config.alerts import Step as AlertStep
from opslayer.config.approvals import ApprovalsSection
from opslayer.config.channels import (
    CalendarSettings,
    ChannelSection,
    ChatSettings,
    FolderSettings,
    WebhookSettings,
    WriteBackSettings,
)
from opslayer.config.firm import PROJECT, Firm, find_firm, load_firm
from opslayer.config.mailbox import Mailbox
from opslayer.config.models import EndpointSettings, ModelsSection
from opslayer.config.outside import moment, secret
from opslayer.config.reading import read_yaml, validated
from opslayer.config.sections import BillingSection, FirmSection, LimitsSection, MailSection, Person
from opslayer.config.settings import Settings
from opslayer.config.sources import (
    AttachmentsSource,
    DocumentsSource,
    FilesSource,
    MailboxSource,
    RestSource,
    Source,
    SqlSource,
)

__all__ = [
    "PROJECT",
    "ROLES",
    "AccessSection",
    "AlertStep",
    "AlertsSection",
    "ApprovalsSection",
    "AttachmentsSource",
    "BillingSection",
    "CalendarSettings",
    "ChannelSection",
    "ChatSettings",
    "DocumentsSource",
    "EndpointSettings",
    "FilesSource",
    "Firm",
    "FirmSection",
    "FolderSettings",
    "LimitsSection",
    "LoginSection",
    "MailSection",
    "Mailbox",
    "MailboxSource",
    "ModelsSection",
    "Person",
    "RestSource",
    "Role",
    "Settings",
    "Source",
    "SqlSource",
    "WebhookSettings",
    "WriteBackSettings",
    "find_firm",
    "load_firm",
    "moment",
    "read_yaml",
    "secret",
    "validated",
]
