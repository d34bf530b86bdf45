"""No address of this release serves shares."""

ROUTES = []
