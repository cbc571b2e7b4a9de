# METADATA
# title: A service level objective is lowered
# description: |
#   A lower objective, or none, makes room for errors that users did not agree to. Reads OpenSLO,
#   Sloth and Pyrra. An SLO that moves to another file, format or name is the same one.
# scope: package
# custom:
#   level: deny
#   remediation: |
#     Restore the objective. If the lower one is agreed on, add a waiver with the decision's ticket.
#   standard: SLO Management
package gate.slo.objective_lowered

import data.gate.lib.slos

default applies := false

applies if some _ in _before

deny contains finding if {
	some slo in _before
	some successor in _successors(slo)
	some index, objective in slo.objectives
	counterpart := _counterpart(slo, successor, index)
	_less(counterpart.target, objective.target)
	finding := {
		"message": sprintf("The objective of SLO %v falls from %s to %s.", [
			_title(slo, objective),
			objective.shown,
			counterpart.shown,
		]),
		"resource": successor.resource,
		"path": counterpart.path,
	}
}

deny contains finding if {
	some slo in _before
	not slo.partial
	some successor in _successors(slo)
	some index, objective in slo.objectives
	not _counterpart(slo, successor, index)
	finding := {
		"message": sprintf("SLO %v loses its objective of %s.", [_title(slo, objective), objective.shown]),
		"resource": successor.resource,
		"path": successor.path,
	}
}

deny contains finding if {
	some slo in _before
	not slo.partial
	kept := {environment |
		some successor in _successors(slo)
		some environment in successor.environments
	}
	missing := slo.environments - kept
	count(missing) > 0
	finding := {
		"message": sprintf("SLO %v is removed%s.", [_name(slo), _where(missing)]),
		"resource": slo.resource,
		"path": slo.path,
	}
}

_before contains object.union(slo, _place(resource)) if {
	some resource in input.resources
	some slo in slos.found_in(resource.old)
}

_after contains object.union(slo, _place(resource)) if {
	some resource in input.resources
	some slo in slos.found_in(resource.new)
}

_place(resource) := {
	"resource": resource.id,
	"environments": {environment | some environment in resource.environments},
	"partial": resource.patch,
}

# The same SLO afterwards: in its own object; else where it has moved to; else under another name.
_successors(slo) := same if {
	same := {other | some other in _named[_key(slo)]; other.resource == slo.resource}
	count(same) > 0
} else := moved if {
	moved := {other | some other in _named[_key(slo)]; _arrived(other, slo)}
	count(moved) > 0
} else := {other |
	slo.sli != null
	some other in _measuring[slo.sli]
	_arrived(other, slo)
}

_named[key] contains slo if {
	some slo in _after
	key := _key(slo)
}

_measuring[sli] contains slo if {
	some slo in _after
	sli := slo.sli
}

_known_before contains [slo.resource, _key(slo)] if some slo in _before

_key(slo) := [slo.service, slo.name]

# Another SLO that was not in its object before, and holds for one of the same environments.
_arrived(other, slo) if {
	named := [other.resource, _key(other)]
	not named in _known_before
	count(other.environments & slo.environments) > 0
}

# The objective of the same name, else the one in the same place that has no old name.
_counterpart(slo, successor, index) := same[0] if {
	same := [other | some other in successor.objectives; other.label == slo.objectives[index].label]
	slo.objectives[index].label != null
	count(same) > 0
} else := other if {
	other := successor.objectives[index]
	not _taken(slo, other)
}

_taken(slo, other) if {
	other.label != null
	some objective in slo.objectives
	objective.label == other.label
}

# Percentages come from factors of 100 and from text: equal within a millionth.
_less(new, old) if (new * 1000000) + 1 < old * 1000000

_title(slo, objective) := sprintf("%v (%s)", [_name(slo), objective.label]) if {
	is_string(objective.label)
} else := _name(slo)

_name(slo) := slo.name if {
	slo.service == ""
} else := sprintf("%v/%v", [slo.service, slo.name])

_where(environments) := "" if {
	environments == {"default"}
} else := sprintf(" from %s", [concat(", ", environments)])
