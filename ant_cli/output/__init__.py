"""Output: results in the requested format on stdout, messages and progress on stderr."""

from __future__ import annotations
