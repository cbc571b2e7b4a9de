# METADATA
# title: Versions
# description: |
#   Reads tags and chart versions strictly. A date, a commit, a build number or a branch is no
#   version: nothing is said of it.
package gate.lib.versions

# Up to three numbers of a version: `v1.2-alpine` is [1, 2], `^6.x` is [6]. Undefined for what is
# no version. A first number from 1000 on is a year, a bare number from 100 on a build.
numbers_of(value) := parsed if {
	is_string(value)
	plain := regex.replace(regex.replace(value, `^[~^=]+ *`, ""), `(\.[xX*])+$`, "")
	found := regex.find_all_string_submatch_n(_pattern, plain, 1)
	parsed := [to_number(regex.replace(part, `^0+([0-9])`, "${1}")) |
		some part in array.slice(found[0], 1, 4)
		part != ""
	]
	parsed[0] < _limits[count(parsed)]
}

_pattern := `^[vV]?([0-9]{1,9})(?:\.([0-9]{1,9}))?(?:\.([0-9]{1,9}))?(?:\.[0-9]{1,9})*(?:[-+_.][0-9A-Za-z.+_-]*)?$`

_limits := {1: 100, 2: 1000, 3: 1000}

# What a step from one version to another is: `major`, `minor` (of a 0.x), `down`; undefined else.
step(from, to) := _step(old, new) if {
	from != to
	old := numbers_of(from)
	new := numbers_of(to)
}

_step(old, new) := "major" if {
	new[0] > old[0]
} else := "minor" if {
	old[0] == 0
	new[0] == 0
	new[1] > old[1]
} else := "down" if {
	known := min([count(old), count(new)])
	array.slice(new, 0, known) < array.slice(old, 0, known)
}
