"""A new firm's directory: a commented firm.toml, the overlay folders, templates to fill."""

from opslayer.scaffold.firm_file import DemoBilling, DemoMail, Member, SystemFiles, write_firm
from opslayer.scaffold.init import init

__all__ = ["DemoBilling", "DemoMail", "Member", "SystemFiles", "init", "write_firm"]
