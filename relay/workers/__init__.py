"""Several processes of one machine as one relay: the front, which accepts, and workers, each with its rooms."""
