"""A service that runs the work of a queue, as its author would write it: with the worker of the SDK.

An item that another worker has by now, or that can't be acknowledged, is left to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anthropic
from anthropic.lib.environments import EnvironmentWorker, aiter_work


async def run_queue(environ: Any, folder: Path) -> list[str]:
    """Run every item in the queue, and return the IDs of their sessions."""
    environment_id = environ["ANTHROPIC_ENVIRONMENT_ID"]
    key = environ["ANTHROPIC_ENVIRONMENT_KEY"]
    done = []
    async with anthropic.AsyncAnthropic(
        base_url=environ["ANTHROPIC_BASE_URL"], auth_token=key, max_retries=2
    ) as client:
        worker = EnvironmentWorker(
            client,
            environment_id=environment_id,
            environment_key=key,
            workdir=folder,
            max_idle=0.01,
        )
        items = aiter_work(
            client.beta.environments.work,
            environment_id=environment_id,
            drain=True,
            block_ms=None,
            auto_stop=False,
        )
        async for item in items:
            await worker.handle_item(
                work_id=item.id,
                session_id=item.data.id,
                work_secret=item.secret,
                environment_id=environment_id,
            )
            done.append(item.data.id)
    return done
