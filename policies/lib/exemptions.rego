# METADATA
# title: Exemptions
# description: |
#   A change may claim to be a fix for an incident, or for security: by the trailer
#   `Gate-Exempt: incident INC-42` of a commit, or a label `gate-exempt: incident`. Anyone can write
#   that; it holds once another person approves it.
# scope: package
package gate.lib.exemptions

import data.gate.lib.values

# What a change claims and what holds of it, for a rule's exempt causes: `held` and `note`, which
# follows the message of a finding.
of(causes) := {"held": true, "note": note} if {
	claim := _best([each | some each in _claims(causes); each.allowed; count(each.by) > 0])
	note := sprintf("; exempt as %s, approved by %s", [claim.shown, concat(", ", claim.by)])
} else := {"held": false, "note": note} if {
	claim := _best([each | some each in _claims(causes); each.allowed])
	note := sprintf("; claimed as %s: %s", [claim.shown, _wanting])
} else := {"held": false, "note": note} if {
	claim := _best([each | some each in _claims(causes)])
	note := sprintf("; claimed as %s, which is not exempt here (%s)", [claim.shown, _list(causes)])
} else := {"held": false, "note": ""}

_list(causes) := "nothing is" if {
	count(causes) == 0
} else := concat(" or ", causes)

_wanting := sprintf("holds once another person approves%s", [_asked])

# What is known of who could approve.
default _asked := ""

_asked := sprintf(" (%s)", [input.change.approvals_reason]) if is_string(input.change.approvals_reason)

_asked := " (nobody was asked)" if {
	object.get(input, ["change", "approvals"], null) == null
	object.get(input, ["change", "approvals_reason"], null) == null
}

_best(claims) := sort(claims)[0]

_claims(causes) := [claim |
	some told in _told
	parts := regex.find_all_string_submatch_n(`^\s*([^\s:,]+)[\s:,]*((?s:.*?))\s*$`, told.text, 1)[0]
	claim := {
		"shown": _shown(parts[1], substring(parts[2], 0, 100)),
		"allowed": lower(parts[1]) in {lower(cause) | some cause in causes},
		"by": sort({approval.by | some approval in _approvals; _holds(approval, told.label)}),
	}
]

_shown(cause, "") := lower(cause)

_shown(cause, text) := sprintf("%s (%s)", [lower(cause), text]) if text != ""

# What is claimed, and the label that claims it; null for a trailer.
_told contains {"text": text, "label": null} if {
	some commit in values.list(object.get(input, ["change", "commits"], []))
	some text in values.list(values.at(commit, ["trailers", "gate-exempt"]))
	is_string(text)
}

_told contains {"text": text, "label": label} if {
	some label in values.list(object.get(input, ["change", "labels"], []))
	is_string(label)
	text := regex.find_all_string_submatch_n(`^(?i:gate-exempt)\s*[:/](.*)$`, label, 1)[0][1]
}

_approvals := [approval |
	some told in object.filter(values.fields(input.change), ["approvals"])
	some approval in values.list(told)
	is_object(approval)
	by := values.text(approval.by)
	by != ""
]

# A review holds for every claim, a label that another person set for its own.
_holds(approval, _) if approval.kind == "review"

_holds(approval, label) if {
	approval.kind == "label"
	is_string(label)
	approval.label == label
}
