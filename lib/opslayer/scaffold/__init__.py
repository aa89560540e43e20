"""A new firm's directory: a commented firm.toml, the overlay folders, templates to fill."""

from opslayer.scaffold.firm_file import DemoMail, Member, write_firm
from opslayer.scaffold.init import init

__all__ = ["DemoMail", "Member", "init", "write_firm"]
