"""`gate init`: looks at a repository, proposes, renders, writes."""
