"""change-gate: judges a change before it reaches production."""

__version__ = "0.1.0"
