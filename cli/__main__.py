"""Makes `python -m cli` the same as the installed command `sdc`."""

from cli.main import app

app(prog_name="sdc")
