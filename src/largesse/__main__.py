"""`python -m largesse` is `largesse`."""

from largesse.cli.main import main

main()
