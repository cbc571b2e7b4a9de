"""`.gate.yaml` and waivers: schema, loading, and which files of the repository they are."""

EVIDENCE_KINDS = ("slo", "freeze", "delivery", "incidents", "alerts")
CONFIG_NAMES = (".gate.yaml", ".gate.yml")
WAIVERS_NAME = ".gate/waivers.yaml"
