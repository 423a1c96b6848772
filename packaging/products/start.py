"""What a frozen product starts with: the one command, with its room's group in it."""

import sys

if sys.argv[1:] == ["understand"]:
    # The communications server's second process (comm_server/understander.py) needs little memory.
    from comm_server.understanding_process import main
else:
    from common.cli import main

main()
