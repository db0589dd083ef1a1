"""Several relays of one store as one: who lives and takes which rooms over, and how they recognise each other."""
