"""`.gate.yaml` and waivers: schema, loading, and which files of the repository they are."""

CONFIG_NAMES = (".gate.yaml", ".gate.yml")
WAIVERS_NAME = ".gate/waivers.yaml"
