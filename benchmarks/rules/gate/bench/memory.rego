# METADATA
# title: Containers have a memory limit
# description: One of the four rules that the benchmark gives to both programs.
# scope: package
# custom:
#   remediation: None; this is a benchmark.
package gate.bench.memory

deny contains {"message": message, "resource": r.id} if {
	some r in input.resources
	r.kind == "Deployment"
	some c in r.new.spec.template.spec.containers
	not c.resources.limits.memory
	message := sprintf("%s: %s has no memory limit", [r.name, c.name])
}
