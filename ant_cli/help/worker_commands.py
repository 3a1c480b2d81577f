"""The rows of `ant beta:worker`."""

from __future__ import annotations

from ant_cli.help.command_row import CONNECTION, CREDENTIAL, PROFILE, arguments, group, tool
from ant_cli.worker.options import EXPORTER_ROWS, POLL_ROWS, RUN_ROWS, command_flags

_WITHOUT_CREDENTIAL = (*CONNECTION, *PROFILE)
"""The global flags of a worker. Its credential is the environment's key, not one of these."""

WORKER = group(
    "beta:worker",
    "Run the work of a self-hosted environment.",
    tool(
        "beta:worker poll",
        "Run a handler for each work item, until a signal; see `ant help worker`.",
        "environment_worker:poll",
        ("run a script for each item", "ant beta:worker poll --on-work ./handle.sh"),
        ("four at once, each in a container", "ant beta:worker poll --concurrency 4 -- docker run --rm -i worker"),
        arguments=(
            arguments("handler", "After --: the program for each item, with its arguments.", completes="file"),
        ),
        flags=command_flags(POLL_ROWS),
        takes=_WITHOUT_CREDENTIAL,
    ),
    tool(
        "beta:worker run",
        "Run the tools of one claimed item's session in this process; for containers.",
        "environment_worker:run",
        ("as a handler, or in a container that has all values in variables", "ant beta:worker run --workdir /work"),
        ("with the secret of the item", "ant beta:worker run --work-secret-file /run/secrets/work"),
        flags=command_flags(RUN_ROWS),
        takes=_WITHOUT_CREDENTIAL,
    ),
    tool(
        "beta:worker exporter",
        "Serve queue statistics to Prometheus and KEDA, until a signal.",
        "environment_worker:exporter",
        ("of one environment: /metrics and /stats", "ant beta:worker exporter --environment-id env_1"),
        (
            "of two, to other machines",
            "ant beta:worker exporter --environment-id env_1,env_2 --listen 0.0.0.0:9464",
        ),
        flags=command_flags(EXPORTER_ROWS),
        takes=(*CREDENTIAL, *_WITHOUT_CREDENTIAL),
    ),
)
