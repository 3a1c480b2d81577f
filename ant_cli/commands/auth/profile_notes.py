"""Notes that say which profile is used from now on."""

from __future__ import annotations

from ant_cli.runtime import Runtime, variables


def note_active_profile(name: str, active: str, runtime: Runtime) -> None:
    """Note whether a stored profile is the active one, and if not, how to use it."""
    if name == active:
        runtime.stderr.say("It is the active profile: commands use it from now on.")
    else:
        runtime.stderr.say(
            f"The active profile is {active!r}. To use this one: --profile {name}, or ant profile activate {name}"
        )


def note_profile_variable(name: str, runtime: Runtime) -> None:
    """Note that ANTHROPIC_PROFILE selects another profile in this shell."""
    other = runtime.environ.get(variables.PROFILE)
    if other and other != name:
        runtime.hint(f"Note: ANTHROPIC_PROFILE is set, and selects profile {other!r}.")
