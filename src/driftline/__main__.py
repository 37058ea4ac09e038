"""``python -m driftline``: the command line without its console script.

Knows no command.
"""

from driftline.cli.main import main

if __name__ == "__main__":
    main()
