"""OPA's own compliance cases on the embedded engine, by the same path as the gate's.

`python -m benchmarks.conformance` finds the cases in the Go module cache (`go install
github.com/open-policy-agent/opa@v1.22.2` puts them there; none is copied), takes each through
parsing, the allow-list, the rewriting and the engine, and prints how many are

- right: the answer that OPA gives, or an error where OPA gives one;
- refused: the allow-list refused the modules, so that `auto` would have taken OPA;
- raises: the engine raised an error where OPA answers, which the gate would have said aloud;
- wrong: another answer than OPA's. There must be none.

Each case runs in a fork of a limited process: one that hangs or crashes ends nobody else.
`--json` prints all of it as JSON, `--only TEXT` takes the cases whose name contains a text,
`--show KIND` lists the cases of one kind with the reason, `--every N` takes each Nth case.
"""
