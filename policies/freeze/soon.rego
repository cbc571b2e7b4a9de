# METADATA
# title: A freeze begins before the rollout is through
# description: |
#   What is half rolled out when a freeze begins is stuck there, and taking it back is a change too.
#   Adds up the steps of the Rollout or Canary that delivers the service: pauses, analyses, steps of
#   the traffic. Where nothing tells, a rollout takes as long as the settings say.
# scope: package
# custom:
#   level: warn
#   requires:
#     - freeze
#   remediation: |
#     Let it wait until after the freeze, or begin early enough. `minutes` is the least that a rollout
#     takes, `minutes_if_unknown` what a step counts that waits for a person or whose length cannot be
#     seen.
#   standard: "Change Management: freezes"
#   settings:
#     minutes: 30
#     minutes_if_unknown: 60
package gate.freeze.soon

import data.gate.lib.freezes
import data.gate.lib.lengths
import data.gate.lib.targets
import data.gate.lib.times

_settings := input.settings["freeze.soon"]

default applies := false

applies if count(targets.judged) > 0

deny contains finding if {
	some found in freezes.windows
	seconds := times.seconds_until(found.from)
	seconds > 0
	rollout := _rollout(found.target)
	seconds < rollout.seconds
	finding := {
		"message": sprintf("%s: the freeze \"%s\"%s begins in %s, at %s, and rolling out takes %s%s", [
			targets.shown(found.target),
			freezes.name(found.window),
			freezes.why(found.window),
			times.length(seconds),
			times.shown(found.window.from),
			times.length(rollout.seconds),
			rollout.as,
		]),
		"service": found.target.service,
		"key": freezes.key(found),
		"unblock": _unblock(found),
	}
}

# The longest of what rolls the target out, and no less than the settings say.
_rollout(target) := {"seconds": longest.seconds, "as": sprintf(" (%s%s)", [longest.by, _waits(longest)])} if {
	all_of_them := sort([length | some length in lengths.of(target, _settings.minutes_if_unknown * 60)])
	longest := _longest(all_of_them)
	longest.seconds > _settings.minutes * 60
} else := {"seconds": _settings.minutes * 60, "as": " or so"}

_longest(found) := [length | some length in found; length.seconds == most][0] if {
	most := max([length.seconds | some length in found])
}

_waits(length) := ", which waits for a person or for what cannot be seen" if {
	length.waits
} else := ""

_unblock(found) := {"how": "The freeze is over once somebody ends it."} if {
	found.until == null
} else := {"at": found.window.until, "how": "The freeze is over."}
