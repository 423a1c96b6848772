"""What the frozen appliance starts with: the one command, with the appliance's group in it."""

from common.cli import main

main()
