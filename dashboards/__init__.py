"""What watches the canaries: alerts with runbooks, dashboards as code, and a stack of both."""
