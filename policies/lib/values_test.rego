package gate.lib.values_test

import data.gate.lib.values

test_a_list_stays_and_anything_else_is_empty if {
	values.list([1]) == [1]
	every other in ["text", 5, null, true, {"a": 1}] {
		values.list(other) == []
	}
}

test_an_object_stays_and_anything_else_is_empty if {
	values.fields({"a": 1}) == {"a": 1}
	every other in ["text", 5, null, [1]] {
		values.fields(other) == {}
	}
}

test_text_stays_and_anything_else_is_empty if {
	values.text("a") == "a"
	every other in [5, null, [1], {"a": 1}] {
		values.text(other) == ""
	}
}

test_a_value_is_found_by_its_path if {
	values.at({"a": [{"b": 1}]}, ["a", 0, "b"]) == 1
	values.at({"a": "text"}, ["a", "b"]) == null
	values.at("text", ["a"]) == null
}
