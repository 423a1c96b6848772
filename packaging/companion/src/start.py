"""The packaged program starts here."""

import sys

from companion.main import main

sys.exit(main())
