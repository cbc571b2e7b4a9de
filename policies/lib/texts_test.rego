package gate.lib.texts_test

import data.gate.lib.texts

test_fields_in_any_style if {
	texts.fields("image:\n  tag: 1.2.3 # pinned\n", "tag") == ["1.2.3"]
	texts.fields(`{image: {tag: "latest", repository: a}}`, "tag") == ["latest"]
	texts.fields("tag: main\nother:\n  tag: 'dev'\n", "tag") == ["main", "dev"]
}

test_what_is_no_field if {
	every text in ["stage: main", "tag:\n  a: b", "tag: |\n  text", "tags: [a]", ""] {
		texts.fields(text, "tag") == []
	}
}

test_the_values_of_an_application if {
	manifest := {"spec": {"source": {"helm": {"values": "a: b"}}}}
	texts.helm_values({"group": "argoproj.io", "kind": "Application"}, manifest) == [{
		"path": ["spec", "source", "helm", "values"],
		"text": "a: b",
	}]
	texts.helm_values({"group": "argoproj.io", "kind": "Application"}, {"spec": {"source": {"helm": {"values": 5}}}}) == []
}
