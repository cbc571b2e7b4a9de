# METADATA
# title: Manifests that stand as text
# description: |
#   Helm values inside of another object's text. The text is not parsed, so that none of it can end
#   the evaluation: what looks like a line that matters is found by its pattern.
# scope: package
package gate.lib.texts

import data.gate.lib.helm
import data.gate.lib.values

# The Helm values that stand as text in an Argo CD Application, each with its path.
helm_values(r, side) := [{"path": array.concat(found.path, ["helm", "values"]), "text": text} |
	some found in helm.argo_sources(r, side)
	text := values.at(found.source, ["helm", "values"])
	is_string(text)
]

# The values of a key, as text.
fields(text, key) := [match[1] |
	pattern := sprintf(`(?:^|[\s{,])["']?%s["']?:[ \t]*["']?([^\s"',}\]#{|>&]+)`, [key])
	some match in regex.find_all_string_submatch_n(pattern, text, -1)
]
