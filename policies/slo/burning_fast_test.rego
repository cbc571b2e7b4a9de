package gate.slo.burning_fast_test

import data.gate.lib.standing_test as stands
import data.gate.slo.burning_fast as rule

_settings := {"tiers": [], "exempt": ["incident", "security"]}

_set(pairs, settings) := stands.judged(
	"slo",
	[stands.slo({"pairs": pairs})],
	{"slo.burning_fast": object.union(_settings, settings)},
)

_input(pairs) := _set(pairs, {})

_pair(parts) := object.union(
	{
		"severity": "page", "long": "1h", "short": "5m", "factor": 14.4, "long_rate": 20.125,
		"short_rate": 16, "exceeded": true,
	},
	parts,
)

_slow := _pair({"severity": "ticket", "long": "1d", "short": "2h", "factor": 3, "long_rate": 4, "short_rate": 5})

_said := concat("", [
	"checkout in production: the error budget of availability burns 20.1 times as fast as it may ",
	"over 1h and 16 times over 5m, where 14.4 is a page (objective 99.9 % over 30d)",
])

_denies(told) := found if {
	found := {finding.message | some finding in rule.deny} with input as told
}

_warns(told) := found if {
	found := {finding.message | some finding in rule.warn} with input as told
}

test_what_pages_denies if {
	rule.deny == {{
		"message": _said,
		"service": "checkout",
		"key": "availability in production",
		"unblock": {"how": "No pair of windows burns faster than its factor any more."},
	}} with input as _input([_pair({})])
	_warns(_input([_pair({})])) == set()
	rule.applies with input as _input([])
}

test_what_opens_a_ticket_warns if {
	_denies(_input([_slow])) == set()
	some message in _warns(_input([_slow]))
	contains(message, "4 times as fast as it may over 1d and 5 times over 2h, where 3 is a ticket")
}

test_one_finding_about_the_worst_pair if {
	milder := _pair({"long": "6h", "short": "30m", "factor": 6, "long_rate": 7, "short_rate": 7})
	told := _input([_slow, milder, _pair({}), object.union(milder, {"exceeded": false, "long_rate": 99})])
	_denies(told) == {_said}
	_warns(told) == set()
}

test_what_is_not_exceeded if {
	told := _input([_pair({"exceeded": false}), _pair({"exceeded": null, "short_rate": 2})])
	_denies(told) == set()
	_warns(told) == set()
}

test_what_is_not_told_is_reckoned if {
	_denies(_input([object.remove(_pair({}), ["exceeded"])])) == {_said}
}

test_a_severity_that_is_not_known_denies if {
	every severity in [null, "sev1", 5] {
		_denies(_input([_pair({"severity": severity})])) == {_said}
	}
	_denies(_input([object.remove(_pair({}), ["severity"])])) == {_said}
}

test_an_exceeded_pair_without_numbers_denies if {
	every pair in [{"exceeded": true}, _pair({"long_rate": null}), _pair({"factor": null}), _pair({"long": null})] {
		some message in _denies(_input([pair]))
		message == "checkout in production: the error budget of availability burns so fast that it is a page (objective 99.9 % over 30d)"
	}
}

test_damaged_pairs if {
	every value in stands.damage {
		_denies(_input(value)) == set()
		_denies(_input([value, _pair({})])) == {_said}
	}
}

test_when_it_is_gone_is_told if {
	told := stands.judged("slo", [stands.slo({"pairs": [_pair({})], "exhausted_at": "2026-12-21T04:00:00Z"})], {"slo.burning_fast": _settings})
	_denies(told) == {concat("", [_said, "; at this rate it is gone at 2026-12-21 04:00 UTC"])}
}

test_tiers if {
	count(_denies(_set([_pair({})], {"tiers": [1]}))) == 1
	_denies(_set([_pair({})], {"tiers": [2]})) == set()
}

test_a_rollback_is_never_judged if {
	told := stands.rollback(_input([_pair({}), _slow]))
	_denies(told) == set()
	_warns(told) == set()
	not rule.applies with input as told
}

test_an_exemption if {
	claimed := stands.claimed(_input([_pair({})]), "security")
	count(_denies(claimed)) == 1
	approved := stands.approved(claimed, "eve")
	_denies(approved) == set()
	_warns(approved) == {concat("", [_said, "; exempt as security, approved by eve"])}
}
