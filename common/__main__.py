"""``python -m common`` is the command `callstead`."""

from common.cli import main

if __name__ == "__main__":
    main(prog_name="callstead")
