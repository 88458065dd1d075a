"""Pages of organizations: thin views over the domain functions."""
