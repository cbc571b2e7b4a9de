"""Who is told: one file for each format."""
