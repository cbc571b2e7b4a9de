#!/usr/bin/env bash
# Finds a Python that this version's lock is made for, and says where things belong.
# Bash 3.2 (macOS) runs this.
set -euo pipefail

# CPython 3.11 to 3.14 with the usual threads, and able to make an environment: Debian's python3
# has no ensurepip unless python3-venv is there. Prints its version.
probe='
import ensurepip, sys, sysconfig, venv
usual = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
if not usual or not (3, 11) <= sys.version_info < (3, 15):
    sys.exit(1)
print("%d.%d" % sys.version_info[:2])
'

candidates() {
  local name
  for name in python3.14 python3.13 python3.12 python3.11 python3; do
    type -P "$name" || true
  done
  for name in "${RUNNER_TOOL_CACHE:-/nowhere}"/Python/3.*/*/bin/python3; do
    [ -x "$name" ] && echo "$name"
  done
}

fail() {
  echo "::error title=change-gate::$1"
  exit 4
}

[ "${RUNNER_OS:-}" != Windows ] || fail "This action runs on Linux and macOS."

python=""
while IFS= read -r candidate; do
  # Nothing of the checkout is run, whatever the PATH says.
  case $candidate in
  "${GITHUB_WORKSPACE:-/nowhere}"/* | [!/]*) continue ;;
  esac
  if version=$("$candidate" -I -c "$probe" 2>/dev/null </dev/null); then
    python=$candidate
    break
  fi
done < <(candidates)

[ -n "$python" ] || fail "No Python 3.11 to 3.14 that can make an environment is on this runner. \
Add a step with actions/setup-python before this one, or install python3 and python3-venv."

echo "Python $version: $python"

# The folder is named after all that is installed in it, what was downloaded after the lock alone.
digest='
import hashlib, pathlib, sys
root, kept = pathlib.Path(sys.argv[1]), hashlib.sha256()
lock = (root / "action" / "requirements.txt").read_bytes()
own = (file for part in ("gate", "policies", "examples") for file in (root / part).rglob("*"))
files = sorted(file for file in own if file.is_file() and file.suffix != ".pyc")
for file in (root / "pyproject.toml", *files):
    kept.update(repr((str(file.relative_to(root)), file.read_bytes())).encode())
kept.update(lock + sys.argv[2].encode())
print(hashlib.sha256(lock).hexdigest()[:16], kept.hexdigest()[:16])
'
digests=$("$python" -I -c "$digest" "$GITHUB_ACTION_PATH" "$python")
lock=${digests% *}
folder="$RUNNER_TEMP/change-gate/${digests#* }"
installed=false
[ ! -e "$folder/installed" ] || installed=true

{
  echo "python=$python"
  echo "folder=$folder"
  echo "wheels=$RUNNER_TEMP/change-gate/wheels-$lock"
  echo "key=change-gate-${RUNNER_OS:-any}-${RUNNER_ARCH:-any}-python$version-$lock"
  echo "installed=$installed"
} >>"$GITHUB_OUTPUT"
