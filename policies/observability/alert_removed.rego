# METADATA
# title: An alert is removed
# description: |
#   What no longer alerts fails unseen. Alert names are counted over the whole change and for each
#   environment, so that an alert which moves to another file, group or format is still there, and
#   so is one that only gets another name. Reads Prometheus and VictoriaMetrics rules, those in Helm
#   values, and the alerts that Sloth and Pyrra make.
# scope: package
# custom:
#   level: deny
#   remediation: |
#     Restore the alert, or add what replaces it in the same change. If nobody needs it, add a
#     waiver that says why.
#   standard: SLO Management
package gate.observability.alert_removed

import data.gate.lib.alerts

default applies := false

applies if some _ in _before

deny contains finding if {
	some pair, here in _before_in
	[resource, key] := pair
	count(here) > _left(pair)
	gone := {alert | some alert in _missing(here, pair); not _renamed(alert)}
	environments := {environment |
		some alert in gone
		some environment in alert.environments
		_fewer(environment, key)
	}
	count(environments) > 0
	titles := {alert.title | some alert in gone}
	finding := {
		"message": sprintf("%s%s.", [_what(titles, key, environments), _where(environments)]),
		"resource": resource,
		"path": _anchor(min({alert.path | some alert in gone})),
		"key": key,
	}
}

_before contains alert if {
	some resource in input.resources
	not resource.patch
	is_object(resource.old)
	some found in alerts.found_in(resource.old)
	alert := object.union(found, _place(resource))
}

_after contains alert if {
	some resource in input.resources
	not resource.patch
	is_object(resource.new)
	some found in alerts.found_in(resource.new)
	alert := object.union(found, _place(resource))
}

_place(resource) := {
	"resource": resource.id,
	"environments": {environment | some environment in resource.environments},
}

_before_in[key] contains alert if {
	some alert in _before
	key := [alert.resource, alert.key]
}

_after_in[key] contains alert if {
	some alert in _after
	key := [alert.resource, alert.key]
}

_before_of[key] contains alert if {
	some alert in _before
	some environment in alert.environments
	key := [environment, alert.key]
}

_after_of[key] contains alert if {
	some alert in _after
	some environment in alert.environments
	key := [environment, alert.key]
}

_measuring[measures] contains alert if {
	some alert in _after
	measures := alert.measures
}

_left(pair) := count(_after_in[pair]) if {
	_after_in[pair]
} else := 0

_remaining(environment, key) := count(_after_of[[environment, key]]) if {
	_after_of[[environment, key]]
} else := 0

_fewer(environment, key) if count(_before_of[[environment, key]]) > _remaining(environment, key)

# Which of an object's alerts of one name are gone; all of them where they cannot be told apart.
_missing(here, pair) := gone if {
	still := {[alert.title, alert.measures] | some alert in _after_in[pair]}
	gone := {alert | some alert in here; known := [alert.title, alert.measures]; not _among(known, still)}
	count(gone) > 0
} else := here

_among(item, set) if item in set

# Another alert, new in its object, watches the same.
_renamed(alert) if {
	alert.measures != null
	some other in _measuring[alert.measures]
	not _before_in[[other.resource, other.key]]
	count(alert.environments - other.environments) == 0
}

_what(titles, key, environments) := sprintf("Alert %s loses %d of its %d rules", [key, lost, before]) if {
	titles == {key}
	before := max({count(_before_of[[environment, key]]) | some environment in environments})
	left := min({_remaining(environment, key) | some environment in environments})
	left > 0
	lost := before - left
} else := sprintf("Alert %s is removed", [concat(", ", titles)]) if {
	count(titles) == 1
} else := sprintf("Alerts %s are removed", [concat(", ", titles)])

_where(environments) := "" if {
	environments == {"default"}
} else := sprintf(" in %s", [concat(", ", environments)])

# A rule's place in its list is another rule's now: the list stands for it.
_anchor(path) := array.slice(path, 0, count(path) - 1) if {
	is_number(path[count(path) - 1])
} else := path
