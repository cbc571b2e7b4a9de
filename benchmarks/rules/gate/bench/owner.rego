# METADATA
# title: Workloads have an owner
# description: One of the four rules that the benchmark gives to both programs.
# scope: package
# custom:
#   remediation: None; this is a benchmark.
package gate.bench.owner

deny contains {"message": message, "resource": r.id} if {
	some r in input.resources
	r.kind == "Deployment"
	not r.new.metadata.labels.owner
	message := sprintf("%s has no owner", [r.name])
}
