# METADATA
# title: Containers have a readiness probe
# description: One of the four rules that the benchmark gives to both programs.
# scope: package
# custom:
#   remediation: None; this is a benchmark.
package gate.bench.readiness

deny contains {"message": message, "resource": r.id} if {
	some r in input.resources
	r.kind == "Deployment"
	some c in r.new.spec.template.spec.containers
	not c.readinessProbe
	message := sprintf("%s: %s has no readiness probe", [r.name, c.name])
}
