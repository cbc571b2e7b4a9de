"""`.gate.yaml` and waivers: schema, loading, and which ref they are trusted from."""
