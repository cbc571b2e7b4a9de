# METADATA
# title: Images are pinned
# description: One of the four rules that the benchmark gives to both programs.
# scope: package
# custom:
#   remediation: None; this is a benchmark.
package gate.bench.latest

deny contains {"message": message, "resource": r.id} if {
	some r in input.resources
	r.kind == "Deployment"
	some c in r.new.spec.template.spec.containers
	endswith(c.image, ":latest")
	message := sprintf("%s: %s has the tag latest", [r.name, c.name])
}
