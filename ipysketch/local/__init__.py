"""This machine and this user: the user's own relay, the identity, links, the doctor."""
