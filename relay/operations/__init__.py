"""What an operator runs: commands, and the socket on which a running relay answers them."""
