package gate.lib.paths_test

import data.gate.lib.paths

test_folder_and_name if {
	paths.folder("apps/web/app.yaml") == "apps/web"
	paths.folder("app.yaml") == ""
	paths.name("apps/web/app.yaml") == "app.yaml"
}

test_within_a_folder if {
	paths.within("apps/web/app.yaml", "apps/web")
	paths.within("apps/web", "apps/web")
	paths.within("apps/web", "")
	not paths.within("apps/website/app.yaml", "apps/web")
}

test_the_folders_above if {
	paths.above("apps/web/app.yaml") == ["apps", "apps/web", "apps/web/app.yaml"]
	paths.above("app.yaml") == ["app.yaml"]
}

test_relative_paths_resolve if {
	paths.resolve("apps/web", "./app.yaml") == "apps/web/app.yaml"
	paths.resolve("apps/web", "../../base/") == "base"
	paths.resolve("", "db") == "db"
	paths.resolve("apps", "../../out") == "out"
}

test_globs if {
	paths.matches("policies/a/b.rego", "policies/**")
	paths.matches("a/b/team.ics", "**/*.ics")
	paths.matches("team.ics", "**/*.ics")
	paths.matches("freeze1.yaml", "freeze?.yaml")
	not paths.matches("a/b.ics", "*.ics")
	not paths.matches("agate.yaml", ".gate.yaml")
	not paths.matches("x/.gate.yaml", ".gate.yaml")
}
