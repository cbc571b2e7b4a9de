"""HTTP at the edge: one session, and a thin client per API."""
