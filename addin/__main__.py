"""`python -m addin`: the command line, where no script for it was installed."""

import sys

from addin.cli.app import main

if __name__ == "__main__":  # on Windows child processes import this module, too
    sys.exit(main())
