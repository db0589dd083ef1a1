"""Who may connect: origins, tokens, authentication."""
