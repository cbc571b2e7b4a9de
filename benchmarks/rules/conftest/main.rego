package main

workload if input.kind == "Deployment"

deny contains msg if {
	workload
	some c in input.spec.template.spec.containers
	endswith(c.image, ":latest")
	msg := sprintf("%s: %s has the tag latest", [input.metadata.name, c.name])
}

deny contains msg if {
	workload
	some c in input.spec.template.spec.containers
	not c.resources.limits.memory
	msg := sprintf("%s: %s has no memory limit", [input.metadata.name, c.name])
}

deny contains msg if {
	workload
	some c in input.spec.template.spec.containers
	not c.readinessProbe
	msg := sprintf("%s: %s has no readiness probe", [input.metadata.name, c.name])
}

deny contains msg if {
	workload
	not input.metadata.labels.owner
	msg := sprintf("%s has no owner", [input.metadata.name])
}
