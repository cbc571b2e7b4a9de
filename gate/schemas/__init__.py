"""The JSON Schemas that are published: config, policy input, verdict."""
