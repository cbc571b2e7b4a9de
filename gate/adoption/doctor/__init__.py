"""`gate doctor`: proves that a set-up blocks what it should. A file a group of checks."""
