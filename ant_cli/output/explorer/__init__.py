"""The insides of `--format explore`: what is shown (`tree`, `outline`, `wording`), and the screen (`app`)."""
