"""The parts of a `Sketch`: state, pages, events, files, past; how it joins and leaves. `ipysketch.board` joins them."""
