"""The ways an approved effect leaves by: one module a channel, all with the four verbs of `channel.py`."""
