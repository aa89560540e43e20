"""Replay: a rule over the snapshots of the last months, as it would have proposed; nothing is sent."""
