"""Getting started, and proof that the set-up works."""
