package gate.lib.patches_test

import data.gate.lib.objects_test as make
import data.gate.lib.patches

_patch(content) := make.patch(make.file("kustomization.yaml", null, content))

_parts(content) := patches.parts(_patch(content), content)

test_a_patch_without_a_kind_is_one_part if {
	_parts({"spec": {}}) == [{"tree": {"spec": {}}, "path": [], "depth": 0}]
	patches.place(_parts({"spec": {}})[0], ["spec"]) == ["spec"]
}

test_each_value_of_a_json_patch_is_a_part if {
	found := _parts([
		{"op": "remove", "path": "/spec/a"},
		{"op": "replace", "path": "/spec/containers/3/image", "value": "web \"1\" <é>"},
		{"op": "add", "path": "/metadata/annotations/a~1b~0c", "value": {"x": [1.5, null]}},
		{"op": "add", "path": "/spec/containers/-", "value": {}},
	])
	[part.tree | some part in found] == [
		{"spec": {"containers": [{"image": "web \"1\" <é>"}]}},
		{"metadata": {"annotations": {"a/b~c": {"x": [1.5, null]}}}},
		{"spec": {"containers": [{}]}},
	]
	patches.place(found[0], ["spec", "containers", 0, "image"]) == [1, "value"]
	patches.place(found[1], ["metadata", "annotations", "a/b~c", "x"]) == [2, "value", "x"]
}

test_a_long_pointer_is_cut if {
	pointer := concat("", [concat("/", [key | some _ in numbers.range(1, 5000); key := "a"]), "/image"])
	found := _parts([{"op": "add", "path": pointer, "value": "web"}])
	found[0].depth == 30
	object.get(found[0].tree, array.concat([key | some _ in numbers.range(1, 29); key := "a"], ["image"]), "") == "web"
}

test_what_is_no_patch_has_no_parts if {
	patches.parts(make.file("a.yaml", null, {"spec": {}}), {"spec": {}}) == []
	patches.parts(make.patch(make.added(make.deployment("web", {}))), {"spec": {}}) == []
	every content in ["text", 5, null, ["text", {"op": "add"}, {"op": 5, "path": 5}, {"path": "/a"}, {"op": "add", "path": "/"}]] {
		_parts(content) == []
	}
}
