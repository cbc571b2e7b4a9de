# METADATA
# title: Targets
# description: The services in environments that evidence is about.
# scope: package
package gate.lib.targets

import data.gate.lib.values

# The targets that budgets and freezes judge: those of the change, none of a rollback. What brings
# back what ran before is never in the way of its own repair.
judged := [target |
	not rollback
	some target in values.list(object.get(input, "targets", []))
]

# Whether the change brings back what the trusted branch held before. Recognised by content; what a
# change says of itself is no matter.
rollback if object.get(input, ["change", "rollback"], null) != null

# Whether a target is of one of the tiers. An empty list means all; a tier that nobody named counts
# as each of them.
of_tier(_, tiers) if count(tiers) == 0

of_tier(target, tiers) if target.tier in tiers

of_tier(target, _) if object.get(target, "tier", null) == null

shown(target) := sprintf("%v in %v", [target.service, target.environment])
