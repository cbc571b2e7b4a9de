"""Rego for the embedded engine: its syntax tree, the core it is rewritten to, builtins."""
