"""What is about to change: Git ranges, the index, folders."""
