"""Times in which nothing may change: one file a source."""
