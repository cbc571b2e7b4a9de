package gate.lib.images_test

import data.gate.lib.images

_references := {
	"web": ["web", "", ""],
	"web:1": ["web", "1", ""],
	"host:5000/web": ["host:5000/web", "", ""],
	"host:5000/shop/web:1": ["host:5000/shop/web", "1", ""],
	"web@sha256:ab": ["web", "", "sha256:ab"],
	"host/web:1@sha256:ab": ["host/web", "1", "sha256:ab"],
	"web:": ["web", "", ""],
	"": ["", "", ""],
	"a:b:c": ["a", "b:c", ""],
}

test_references_are_parsed if {
	every text, parts in _references {
		images.parse(text) == {"name": parts[0], "tag": parts[1], "digest": parts[2]}
	}
}

test_settings_of_another_shape_accuse_nobody if {
	not images.fault("web:latest", {"mutable": "latest", "ignore": 5, "digest": "yes"})
	not images.fault("web:latest", {"mutable": [5, null], "ignore": [5], "digest": false})
	images.fault("web", {}) == "has no tag, so whatever `latest` is by then is pulled"
}
