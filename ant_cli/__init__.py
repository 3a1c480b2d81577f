"""`ant`: the Managed Agents environments API at the command line."""

__version__ = "0.3.0"
