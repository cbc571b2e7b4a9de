"""Who evaluates Rego: a library in a child process, a local OPA, an OPA server."""
