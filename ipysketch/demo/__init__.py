"""``make demo``: a relay and JupyterLab on this machine, with notebooks that draw together."""
