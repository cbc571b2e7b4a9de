"""Objectives and their error budgets: one file a source, one a convention of Prometheus."""
