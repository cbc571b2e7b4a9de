"""The policy author's tools: testing, covering, linting and writing rules."""
