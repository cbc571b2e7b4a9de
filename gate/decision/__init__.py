"""Who judges: bundles of rules, the engines, and the verdict from their answers."""
