#!/usr/bin/env bash
# Installs this version of change-gate into an environment of its own. Nothing outside of it and
# of the folder of downloads is written. Bash 3.2 (macOS) runs this.
set -euo pipefail

# Settings that send a package elsewhere, or take another's: an index and a proxy may be set.
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_ROOT PIP_USER PIP_REQUIREMENT PIP_CONSTRAINT \
  PIP_BUILD_CONSTRAINT PIP_REQUIRE_HASHES PIP_NO_BINARY PIP_ONLY_BINARY PIP_PYTHON

lock="$GITHUB_ACTION_PATH/action/requirements.txt"
environment="$CHANGE_GATE_FOLDER/environment"
python="$environment/bin/python"
locked=(--require-hashes --only-binary ":all:" --no-deps --requirement "$lock")

# pip's own cache is not asked: it believes what a file in it says of a hash.
pip() {
  local command=$1
  shift
  (cd "$CHANGE_GATE_FOLDER" && "$python" -I -m pip --disable-pip-version-check --no-input \
    --no-cache-dir --quiet "$command" "$@")
}

from_downloads() {
  pip install --no-compile --no-index --find-links "$CHANGE_GATE_WHEELS" "${locked[@]}"
}

failed() {
  echo "::error title=change-gate::$1"
  exit 4
}

rm -rf "$CHANGE_GATE_FOLDER"
mkdir -p "$CHANGE_GATE_FOLDER" "$CHANGE_GATE_WHEELS"
"$CHANGE_GATE_PYTHON" -I -m venv "$environment" ||
  failed "The environment cannot be made: see the lines above."

if ! from_downloads 2>/dev/null; then
  pip download --dest "$CHANGE_GATE_WHEELS" "${locked[@]}" ||
    failed "What change-gate needs cannot be downloaded: see the lines above."
  from_downloads || failed "What change-gate needs cannot be installed: see the lines above."
fi
pip install --no-compile --no-index --no-deps --no-build-isolation "$GITHUB_ACTION_PATH" ||
  failed "change-gate cannot be installed: see the lines above."

"$python" -I -m gate --version || failed "change-gate does not start: see the lines above."
touch "$CHANGE_GATE_FOLDER/installed"
