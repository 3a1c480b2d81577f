"""The explorer: `--format explore`. The values are in `tree`, their rows in `rows`, the screen in `application`."""

from __future__ import annotations
