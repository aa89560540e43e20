"""A firm to try everything on: invented, seeded, with known answers."""

from opslayer.demo.generate import AS_OF, Demo, generate

__all__ = ["AS_OF", "Demo", "generate"]
