"""Carrel beside two systems that people use instead, over one fake model."""
