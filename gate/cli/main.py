"""The command `gate`."""


def main() -> None:
    """Runs the command."""
