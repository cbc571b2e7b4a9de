"""The command `gate`, also as `python -m gate`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command. An installation that is not whole is a failure of the tool (exit code 4):
    Python's own exit code for it is 1, which means a denial."""
    try:
        from gate.cli.main import main as command
    except ImportError as error:
        sys.stderr.write(f"gate: The installation is not whole: {error}.\n  Install gate anew.\n")
        sys.exit(4)
    command()


if __name__ == "__main__":
    main()
