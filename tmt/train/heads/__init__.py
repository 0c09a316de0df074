"""Endless training heads: random people from a CC0 parametric head, rendered as short clips with exact truth."""
