"""Largesse: one promotions service that speaks the wires of five vendor documents."""

__version__ = "0.1.0"
