"""The parts of a `Sketch`: its state, its pages, its events, its files and its past. `ipysketch.board` joins them."""
