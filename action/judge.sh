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
    case $output in
    *=?*) ;;
    *) wrong "The input output takes FORMAT=FILE, such as sarif=gate.sarif." ;;
    esac
    arguments+=(-o "$output")
  done
  case $CHANGE_GATE_POST in
  true) arguments+=(--post github) ;;
  false) ;;
  *) wrong "The input post is true or false." ;;
  esac
  ;;
recheck)
  # It posts, and nothing else: a setting that would do nothing is a mistake.
  [ "$CHANGE_GATE_POST" = true ] || wrong "The command recheck posts: leave the input post out."
  [ -z "$CHANGE_GATE_OUTPUT" ] || wrong "The command recheck writes no reports: leave the input output out."
  ;;
*) wrong "The input command is check or recheck." ;;
esac

case $GATE_OFFLINE in
true) ;;
false)
  case $CHANGE_GATE_OUTER_OFFLINE in
  "" | 0 | false) ;;
  *) echo "::warning title=change-gate::GATE_OFFLINE is set and has no effect: a merge is not judged without its evidence. Where that is meant, set the action's input \`offline: true\`." ;;
  esac
  ;;
*) wrong "The input offline is true or false." ;;
esac

cd -- "$CHANGE_GATE_WORKING_DIRECTORY" || wrong "The input working-directory names no folder."

# One stream: what is printed as text and the commands to the runner must stay in order.
"$CHANGE_GATE_FOLDER/environment/bin/python" -I -m gate "${arguments[@]}" 2>&1
