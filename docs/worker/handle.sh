#!/bin/sh
# The handler of the image and of the units: prepares what a session needs, then runs its tools in this process.
# Any other program can take its place; `ant help worker` says what it gets, and what its exit status means.
# If the worker runs several items at once (ANT_WORKER_CONCURRENCY), each session has its own folder below the current one,
# with the session's ID as its name: the worker says so in ANT_WORKER_SESSION_FOLDERS. Prepare a session's files there.
exec ant beta:worker run
