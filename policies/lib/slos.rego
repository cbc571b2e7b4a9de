# METADATA
# title: Service level objectives
# description: |
#   The SLOs in an object, in one shape: OpenSLO (v1 and v1alpha, alone or in a list), Sloth (its
#   file format and its custom resource), Pyrra. Targets are in percent.
package gate.lib.slos

import data.gate.lib.values

# Each SLO has `service`, `name`, `sli` (what is measured, null where it is not known), `path` and
# `objectives`: `label`, `target` in percent, `shown` as it is written, `path`.
found_in(manifest) := {slo |
	some document in _documents(manifest)
	some found in [_sloth(document), _pyrra(document), _openslo(document)]
	some slo in found
}

# The object itself, or the objects of a list at the top of a file.
_documents(manifest) := [{"at": [], "is": manifest}] if is_object(manifest)

_documents(manifest) := [{"at": [index], "is": item} |
	some index, item in manifest
	is_object(item)
] if {
	is_array(manifest)
}

# https://sloth.dev/specs/default/ and https://sloth.dev/specs/kubernetes/
_sloth(document) := [slo |
	[spec, place] := _sloth_spec(document)
	some index, item in values.list(spec.slos)
	at := array.concat(place, ["slos", index])
	slo := {
		"service": values.text(values.at(spec, ["service"])),
		"name": item.name,
		"sli": values.at(item, ["sli"]),
		"path": at,
		"objectives": [{
			"label": null,
			"target": item.objective,
			"shown": sprintf("%v", [item.objective]),
			"path": array.concat(at, ["objective"]),
		} |
			is_number(item.objective)
		],
	}
]

_sloth_spec(document) := [document.is, document.at] if document.is.version == "prometheus/v1"

_sloth_spec(document) := [document.is.spec, array.concat(document.at, ["spec"])] if {
	document.is.kind == "PrometheusServiceLevel"
	is_object(document.is.spec)
}

# https://github.com/pyrra-dev/pyrra: the target is a string. An object has no service: its
# namespace stands for it.
_pyrra(document) := [slo |
	spec := document.is.spec
	_of(document, "ServiceLevelObjective", "pyrra.dev/")
	target := _number(spec.target)
	slo := {
		"service": values.text(values.at(document.is.metadata, ["namespace"])),
		"name": document.is.metadata.name,
		"sli": values.at(spec, ["indicator"]),
		"path": array.concat(document.at, ["spec"]),
		"objectives": [{
			"label": null,
			"target": target,
			"shown": sprintf("%v", [spec.target]),
			"path": array.concat(document.at, ["spec", "target"]),
		}],
	}
]

# https://github.com/OpenSLO/OpenSLO#slo
_openslo(document) := [slo |
	spec := document.is.spec
	_of(document, "SLO", "openslo/")
	slo := {
		"service": values.text(values.at(spec, ["service"])),
		"name": document.is.metadata.name,
		"sli": _openslo_sli(spec),
		"path": array.concat(document.at, ["spec"]),
		"objectives": [objective |
			some index, item in values.list(spec.objectives)
			[key, target] := _openslo_target(item)
			objective := {
				"label": values.at(item, ["displayName"]),
				"target": target,
				"shown": sprintf("%v", [item[key]]),
				"path": array.concat(document.at, ["spec", "objectives", index, key]),
			}
		],
	}
]

_openslo_target(item) := ["target", item.target * 100] if {
	is_number(item.target)
} else := ["targetPercent", item.targetPercent] if {
	is_number(item.targetPercent)
}

_openslo_sli(spec) := sli if {
	indicator := [value |
		some key in ["indicator", "indicatorRef"]
		value := values.at(spec, [key])
		value != null
	]
	measured := [object.remove(item, ["target", "targetPercent", "displayName"]) |
		some item in values.list(values.at(spec, ["objectives"]))
		is_object(item)
	]
	sli := _known(indicator, measured)
}

_known(indicator, measured) := {"indicator": indicator, "objectives": measured} if {
	count(indicator) > 0
} else := {"objectives": measured} if {
	some item in measured
	item.ratioMetrics
} else := null

_of(document, kind, prefix) if {
	document.is.kind == kind
	is_object(document.is.metadata)
	is_object(document.is.spec)
	startswith(values.text(document.is.apiVersion), prefix)
}

_number(value) := value if is_number(value)

_number(value) := to_number(value) if {
	is_string(value)
	regex.match(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?$`, value)
}
