# METADATA
# title: File paths
# description: Folders, relative paths and globs. Paths have `/` and are relative to the repository.
package gate.lib.paths

folder(path) := concat("/", array.slice(parts, 0, count(parts) - 1)) if parts := split(path, "/")

name(path) := parts[count(parts) - 1] if parts := split(path, "/")

# Whether a path is a folder or lies below it. The repository's root is "".
within(path, above) if path == above

within(_, above) if above == ""

within(path, above) if startswith(path, concat("", [above, "/"]))

# A path and the folders above it.
above(path) := [concat("/", array.slice(parts, 0, length)) |
	parts := split(path, "/")
	some length in numbers.range(1, count(parts))
]

# A relative path as seen from a folder: ("apps/web", "../../base") is "base".
resolve(from, relative) := concat("/", array.concat(kept, steps)) if {
	start := [part | some part in split(from, "/"); part != ""]
	parts := split(relative, "/")
	ups := count([part | some part in parts; part == ".."])
	steps := [part | some part in parts; not part in {"", ".", ".."}]
	kept := array.slice(start, 0, max([0, count(start) - ups]))
}

# A glob over the whole path: `**` crosses folders, `*` and `?` do not.
matches(path, wildcard) if regex.match(pattern(wildcard), path)

# A glob as a regular expression, for those who match many paths.
pattern(wildcard) := concat("", ["^", deep, "$"]) if {
	escaped := regex.replace(wildcard, `([.+^$(){}|\[\]\\])`, `\${1}`)
	folders := replace(replace(escaped, "**/", "\u0001"), "**", "\u0002")
	flat := replace(replace(folders, "*", "[^/]*"), "?", "[^/]")
	deep := replace(replace(flat, "\u0001", "(?:[^/]+/)*"), "\u0002", ".*")
}
