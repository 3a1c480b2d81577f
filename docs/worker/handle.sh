#!/bin/sh
# The handler of the image and of the units: prepares what a session needs, then runs its tools in this process.
# Any other program can take its place; `ant help worker` says what it gets, and what its exit status means.
exec ant beta:worker run
