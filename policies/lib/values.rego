# METADATA
# title: Values of any shape
# description: |
#   Manifests hold anything. These give a value of the type that a rule iterates over, since
#   engines differ on iterating over a scalar.
package gate.lib.values

list(value) := value if {
	is_array(value)
} else := []

fields(value) := value if {
	is_object(value)
} else := {}

text(value) := value if {
	is_string(value)
} else := ""

# The value at a path, null where there is none.
at(value, path) := object.get(value, path, null) if {
	is_object(value)
} else := null
