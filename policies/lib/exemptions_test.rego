package gate.lib.exemptions_test

import data.gate.lib.exemptions
import data.gate.lib.standing_test as stands

_causes := ["incident", "security"]

_input := stands.judged("slo", [], {})

_note(told) := note if {
	found := exemptions.of(_causes) with input as told
	note := found.note
}

_held(told) if {
	found := exemptions.of(_causes) with input as told
	found.held
}

test_no_claim if {
	_note(_input) == ""
	not _held(_input)
	_note(stands.approved(_input, "eve")) == ""
}

test_a_claim_alone_does_not_hold if {
	told := stands.changed(stands.claimed(_input, "incident INC-42"), {"approvals": []})
	not _held(told)
	_note(told) == "; claimed as incident (INC-42): holds once another person approves"
}

test_by_hand_nobody_is_asked if {
	told := stands.claimed(_input, "incident")
	not _held(told)
	_note(told) == "; claimed as incident: holds once another person approves (nobody was asked)"
	why := stands.changed(told, {"approvals_reason": "no pull request is known"})
	_note(why) == "; claimed as incident: holds once another person approves (no pull request is known)"
	old := object.remove(told, ["change"])
	not _held(old)
	not _held(object.union(old, {"change": {"commits": told.change.commits, "labels": []}}))
}

test_a_review_approves_a_trailer if {
	told := stands.approved(stands.claimed(_input, "  Incident:  INC-42, the outage "), "eve")
	_held(told)
	_note(told) == "; exempt as incident (INC-42, the outage), approved by eve"
}

_approvals(list) := stands.changed(stands.claimed(_input, "security"), {"approvals": list})

test_several_people_are_named_once if {
	review := {"kind": "review", "label": null}
	told := _approvals([
		object.union(review, {"by": "zoe"}),
		object.union(review, {"by": "eve"}),
		object.union(review, {"by": "eve"}),
	])
	_note(told) == "; exempt as security, approved by eve, zoe"
}

test_a_damaged_approval_holds_for_nothing if {
	every approval in array.concat(stands.damage, [
		{"kind": "review"},
		{"kind": "review", "by": ""},
		{"kind": "review", "by": null},
		{"kind": "look", "by": "eve"},
		{"kind": "label", "by": "eve", "label": null},
		{"kind": "label", "by": "eve", "label": "gate-exempt: security"},
		{"by": "eve"},
	]) {
		not _held(_approvals([approval]))
	}
	every list in stands.damage {
		not _held(_approvals(list))
	}
}

_labelled(label, by) := stands.changed(_input, {
	"labels": ["other", label],
	"approvals": [{"kind": "label", "label": by, "by": "eve"}],
})

test_a_label_that_another_person_set if {
	every label in ["gate-exempt: incident", "gate-exempt/incident", "gate-exempt:incident", "Gate-Exempt : Incident"] {
		_note(_labelled(label, label)) == "; exempt as incident, approved by eve"
		not _held(_labelled(label, "gate-exempt: security"))
		not _held(_labelled(label, "other"))
		_held(stands.approved(_labelled(label, "other"), "zoe"))
	}
}

test_what_is_no_such_label if {
	every label in ["gate-exempt", "gate-exempt:", "gate-exempt incident", "my gate-exempt: incident", 5, null] {
		_note(_labelled(label, label)) == ""
	}
}

test_another_cause_is_not_exempt if {
	told := stands.approved(stands.claimed(_input, "hurry, please"), "eve")
	not _held(told)
	_note(told) == "; claimed as hurry (please), which is not exempt here (incident or security)"
	found := exemptions.of([]) with input as told
	found.note == "; claimed as hurry (please), which is not exempt here (nothing is)"
}

test_the_claim_that_holds_counts if {
	told := stands.changed(stands.claimed(_input, "hurry"), {
		"labels": ["gate-exempt: security"],
		"approvals": [{"kind": "label", "label": "gate-exempt: security", "by": "eve"}],
	})
	_note(told) == "; exempt as security, approved by eve"
}

test_long_claims_are_cut if {
	text := concat("", ["x" | some _ in numbers.range(1, 200)])
	long := concat("", [char | some _ in numbers.range(1, 200); char := "x"])
	_note(stands.claimed(_input, concat(" ", ["incident", text, long]))) == _note(stands.claimed(_input, concat(" ", ["incident", text])))
}

test_damaged_commits_claim_nothing if {
	every trailers in [null, "incident", {"gate-exempt": null}, {"gate-exempt": "incident"}, {"gate-exempt": [5, "", " "]}] {
		_note(stands.changed(_input, {"commits": [{"trailers": trailers}, null]})) == ""
	}
	_note(stands.changed(_input, {"commits": null, "labels": null})) == ""
}
