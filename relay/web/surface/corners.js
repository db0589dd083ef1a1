// @ts-check
// The lower corners: undo and redo at the left, the zoom at the right.

import { button, create, makeToolbar, setEnabled, setLabel, setText } from "./nodes.js";

/** @param {import("./surface.js").Surface} surface */
export function createHistory({ board, say, signal }) {
  const bar = create("div", "island history");
  const stops = makeToolbar(bar, say("history"));
  const undo = button(say("undo"), "undo", () => board.undo(), "Ctrl+Z");
  const redo = button(say("redo"), "redo", () => board.redo(), "Ctrl+Shift+Z");
  bar.append(undo, redo);
  const show = () => {
    setEnabled(undo, board.can.draw && board.can.undo);
    setEnabled(redo, board.can.draw && board.can.redo);
  };
  board.addEventListener("can", show, { signal });
  show();
  stops.refresh();
  return bar;
}

/** @param {import("./surface.js").Surface} surface */
export function createZoom({ editor, say, popups, signal }) {
  const bar = create("div", "island zoom");
  const stops = makeToolbar(bar, say("zoom"));
  const view = editor.viewport;
  const level = button("", "", () =>
    popups.menu(level, say("zoom"), [
      { label: say("zoom.in"), key: "+", act: () => view.zoomBy(1.25) },
      { label: say("zoom.out"), key: "-", act: () => view.zoomBy(0.8) },
      { label: say("zoom.whole"), key: "0", act: () => view.fit() },
      { label: say("zoom.all"), key: "Shift+1", act: () => view.fitAll() },
    ]),
  );
  level.classList.add("ipysketch-where");
  level.setAttribute("aria-haspopup", "menu");
  const whole = button(say("zoom.whole"), "small", () => view.fit(), "0");
  bar.append(whole, level);
  const show = () => {
    const zoom = `${Math.round(100 * view.zoom)} %`;
    setText(level, zoom);
    setLabel(level, say("zoom.now", { zoom }));
    whole.hidden = view.home;
    bar.classList.toggle("ipysketch-zoomed", !whole.hidden);
    stops.refresh();
  };
  editor.addEventListener("view", show, { signal });
  show();
  return bar;
}
