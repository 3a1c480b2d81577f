"""`ant`: the Managed Agents environments API at the command line.

D1, D2 and so on, in comments, are rows of `docs/deviations.md`, where this program deviates from the official one.
"""

__version__ = "0.5.0"
