"""opslayer: an operating layer for service firms."""
