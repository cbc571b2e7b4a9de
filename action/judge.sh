#!/usr/bin/env bash
# Judges, and ends with the exit code of the verdict. Bash 3.2 (macOS) runs this.
set -euo pipefail
set -f

wrong() {
  echo "::error title=change-gate::$1"
  exit 2
}

arguments=("$CHANGE_GATE_COMMAND")
case $CHANGE_GATE_COMMAND in
check)
  arguments+=(-o text -o github --post actions)
  # Split at white space on purpose, and not expanded.
  for output in $CHANGE_GATE_OUTPUT; do
    arguments+=(-o "$output")
  done
  case $CHANGE_GATE_POST in
  true) arguments+=(--post github) ;;
  false) ;;
  *) wrong "The input post is true or false." ;;
  esac
  ;;
recheck) ;;
*) wrong "The input command is check or recheck." ;;
esac

case $GATE_OFFLINE in
true) ;;
false)
  case $CHANGE_GATE_OUTER_OFFLINE in
  "" | 0 | false) ;;
  *) echo "::warning title=change-gate::GATE_OFFLINE is set and has no effect: a merge is not judged without its evidence. The action's input offline says so on purpose." ;;
  esac
  ;;
*) wrong "The input offline is true or false." ;;
esac

cd -- "$CHANGE_GATE_WORKING_DIRECTORY" || wrong "The input working-directory names no folder."

gate() { "$CHANGE_GATE_FOLDER/environment/bin/python" -I -m gate "$@"; }

if [ "$CHANGE_GATE_COMMAND" = recheck ]; then
  # Titles of pull requests are printed: nothing in them is a command to the runner.
  stop=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::stop-commands::$stop"
  code=0
  gate "${arguments[@]}" 2>&1 || code=$?
  echo "::$stop::"
  exit "$code"
fi
# One stream: what is printed as text and the commands to the runner must stay in order.
gate "${arguments[@]}" 2>&1
