"""The parts of a `Sketch`: its state, pages, events, files and past, how it joins and leaves. `ipysketch.board` joins them."""
