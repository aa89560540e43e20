"""A new firm's directory: a commented firm.toml, the overlay folders, templates to fill."""

from opslayer.scaffold.firm_file import DemoBilling, DemoMail, Member, write_firm
from opslayer.scaffold.init import init

__all__ = ["DemoBilling", "DemoMail", "Member", "init", "write_firm"]
