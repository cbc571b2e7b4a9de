"""YAML of the gate's own files: read strictly, checked against a schema, with lines."""
