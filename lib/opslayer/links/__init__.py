"""The server behind the links in mails: a GET shows, a POST decides."""

from opslayer.links.server import serve

__all__ = ["serve"]
