package gate.lib.replicas_test

import data.gate.lib.objects_test as make
import data.gate.lib.replicas

_sized(fields) := make.unchanged(make.deployment("web", fields))

test_replicas_of_a_workload if {
	replicas.of(_sized({}), {"spec": {"replicas": "3"}}) == 3
	replicas.of(_sized({}), {"spec": {}}) == 1
	not replicas.of(make.patch(_sized({})), {"spec": {}})
	not replicas.of(_sized({}), {"spec": {"replicas": "many"}})
}

test_workloads_that_stay if {
	change := make.judged([make.added(make.deployment("new", {})), make.deleted(make.deployment("old", {}))], [_sized({})], {})
	replicas.staying == [_sized({})] with input as change
}
