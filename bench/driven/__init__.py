"""The steps that are timed, as the harness drives them."""
