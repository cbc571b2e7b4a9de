package gate.lib.budgets_test

import data.gate.lib.budgets
import data.gate.lib.standing_test as stands

test_each_slo_is_an_entry if {
	told := stands.judged("slo", [stands.slo({}), stands.slo({"name": "latency"})], {})
	found := [budgets.key(entry) | some entry in budgets.entries] with input as told
	found == ["availability in production", "latency in production"]
}

test_slos_without_a_name_are_numbered if {
	every name in [null, "", 5, {}] {
		told := stands.judged("slo", [stands.slo({}), stands.slo({"name": name})], {})
		found := [entry.title | some entry in budgets.entries] with input as told
		found == ["availability", "SLO 2"]
	}
}

test_what_is_no_slo_is_strange if {
	told := stands.judged("slo", ["text", stands.slo({}), null], {})
	found := [entry.title | some entry in budgets.strange] with input as told
	found == ["SLO 1", "SLO 3"]
	count(budgets.entries) == 1 with input as told
}

test_evidence_that_is_not_there_has_no_entries if {
	told := stands.unavailable(stands.judged("slo", [stands.slo({})], {}))
	budgets.entries == [] with input as told
	budgets.strange == [] with input as told
	budgets.entries == [] with input as object.remove(told, ["evidence"])
}

test_what_one_of_several_sources_tells_holds if {
	known := stands.judged("slo", [stands.slo({})], {})
	every status in ["unavailable", "skipped"] {
		envelope := {"slo": {"checkout": {"production": {"status": status, "value": [stands.slo({})]}}}}
		told := object.union(object.remove(known, ["evidence"]), {"evidence": envelope})
		count(budgets.entries) == 1 with input as told
	}
}

test_a_value_that_is_left_out_is_null if {
	told := stands.judged("slo", [], {})
	bare := object.union(object.remove(told, ["evidence"]), {"evidence": {"slo": {"checkout": {"production": {"status": "ok"}}}}})
	some target in told.targets
	found := budgets.of(target) with input as bare
	found == null
}

test_what_remains if {
	budgets.remaining({"remaining": 0}) == 0
	budgets.remaining({"remaining": -1.5, "state": "exhausted"}) == -1.5
	budgets.remaining({"remaining": 1}) == 1
	every remaining in [null, "0.5", true, [], 45, 1.1] {
		not budgets.remaining({"remaining": remaining})
	}
	not budgets.remaining({})
	not budgets.remaining({"remaining": 0.5, "state": "insufficient_data"})
}

test_objectives if {
	budgets.objective({"objective": 0.999}) == 0.999
	budgets.objective({"objective": 1}) == 1
	every objective in [null, "0.999", true, 0, -1, 99.9] {
		not budgets.objective({"objective": objective})
	}
	not budgets.objective({})
}

test_terms if {
	budgets.terms(stands.slo({})) == " (objective 99.9 % over 30d)"
	budgets.terms({"objective": 0.995}) == " (objective 99.5 %)"
	budgets.terms({"window": "7d"}) == " (over 7d)"
	budgets.terms({"objective": null, "window": 5}) == ""
}

test_windows_and_ends if {
	budgets.window({"window": "30d"}) == " of 30d"
	budgets.window({}) == ""
	budgets.end({"exhausted_at": "2026-12-21T04:00:00Z"}) == "; at this rate it is gone at 2026-12-21 04:00 UTC"
	budgets.end({"exhausted_at": null}) == ""
}

_shown := [
	[0.5, "50 %"], [0.29, "29 %"], [0.07, "7 %"], [0.199, "19.9 %"], [0.123, "12.3 %"], [0, "0 %"],
	[-0.12, "-12 %"], [-0.123, "-12.3 %"], [0.001, "0.1 %"], [1, "100 %"], [-0.001, "-0.1 %"], [1.5, "150 %"], [-12, "-1200 %"],
]

test_percent if {
	every each in _shown {
		budgets.percent(each[0]) == each[1]
	}
	budgets.number(14.4) == "14.4"
	budgets.number(20.125) == "20.1"
	budgets.number(3) == "3"
	budgets.number(20) == "20"
	budgets.share(1) == "100 %"
	budgets.share(0.99) == "99 %"
	budgets.share(0.995) == "99.5 %"
}
