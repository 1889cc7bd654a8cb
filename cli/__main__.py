"""``python -m cli`` is ``autoscale``."""

from cli.main import main

main()
