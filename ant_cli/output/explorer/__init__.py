"""The explorer: `--format explore`. The model is in `tree` and `outline`, the screen in `application`."""
