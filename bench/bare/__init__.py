"""The same steps with Playwright alone."""
