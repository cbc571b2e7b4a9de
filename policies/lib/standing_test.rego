# METADATA
# title: How things stand, for tests
# description: Makes policy inputs out of error budgets and freezes.
# scope: package
package gate.lib.standing_test

_targets := [{"service": "checkout", "environment": "production", "tier": 1}]

_change := {
	"kind": "range", "files": [], "commits": [], "labels": [], "rollback": null, "approvals": null,
	"approvals_reason": null,
}

# A policy input for one target, checkout in production of tier 1, about which a kind of evidence
# says this.
judged(kind, value, settings) := {
	"change": _change,
	"resources": [],
	"unchanged": [],
	"services": {"checkout": {"tier": 1}},
	"targets": _targets,
	"evidence": {kind: {"checkout": {"production": {"status": "ok", "value": value}}}},
	"settings": settings,
	"now": "2026-12-20T10:00:00Z",
}

# The same with other parts of the change.
changed(policy_input, parts) := object.union(policy_input, {"change": parts})

rollback(policy_input) := changed(policy_input, {"rollback": {
	"to": "0123abc",
	"committed_at": "2026-12-01T10:00:00Z",
	"subject": "A good one",
}})

# The same with a target of another tier.
of_tier(policy_input, tier) := object.union(policy_input, {"targets": [object.union(_targets[0], {"tier": tier})]})

# The same with evidence that is not there.
unavailable(policy_input) := object.union(policy_input, {"evidence": {kind: told |
	some kind, _ in policy_input.evidence
	told := {"checkout": {"production": {"status": "unavailable", "value": null, "reason": "refused"}}}
}})

claimed(policy_input, claim) := changed(policy_input, {"commits": [
	{"trailers": {}},
	{"trailers": {"gate-exempt": [claim]}},
]})

approved(policy_input, by) := changed(policy_input, {"approvals": [{
	"by": by,
	"kind": "review",
	"label": null,
	"at": "2026-12-20T09:00:00Z",
}]})

slo(parts) := object.union(
	{
		"name": "availability", "objective": 0.999, "window": "30d", "remaining": 0.5, "state": "ok",
		"reason": null, "burn_rate": 1, "pairs": [], "exhausted_at": null, "projection": [],
	},
	parts,
)

calendar(windows) := {
	"source": "freezes.yaml", "until": "2027-01-20T10:00:00Z", "last_end": null, "review_by": null,
	"windows": windows,
}

window(name, from, until) := {
	"name": name,
	"from": from,
	"until": until,
	"reason": "quiet days",
	"who": "release team",
	"line": 3,
}

# Values of any type that stand where something else should.
damage := [null, true, 5, "text", [], {}, [null], ["text"], [{}], {"a": 1}]

test_an_input_tells_what_stands if {
	made := of_tier(claimed(judged("slo", [slo({})], {}), "incident"), 2)
	made.targets[0].tier == 2
	made.evidence.slo.checkout.production.value[0].remaining == 0.5
	unavailable(made).evidence.slo.checkout.production.status == "unavailable"
}
