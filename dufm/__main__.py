"""`python -m dufm COMMAND`: the command line."""

from dufm.verification.cli.app import main

if __name__ == "__main__":
    main()
