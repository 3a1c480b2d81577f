"""The explorer: `--format explore`. The model is in `tree` and `outline`, the screen in `application`."""

from __future__ import annotations
