// @ts-check
// What can be done with the selection: a bar under it, and the menu of the right button.

import { button, create, makeToolbar, setEnabled } from "./nodes.js";

/** @typedef {import("../board/types").Command} Command */

/** Command and key, in the order of the menu. @type {([command: Command, key: string] | "-")[]} */
const MENU = [
  ["cut", "Ctrl+X"],
  ["copy", "Ctrl+C"],
  ["paste", "Ctrl+V"],
  ["copy-svg", ""],
  ["copy-png", ""],
  ["duplicate", "Ctrl+D"],
  "-",
  ["front", "]"],
  ["back", "["],
  "-",
  ["group", "Ctrl+G"],
  ["ungroup", "Ctrl+Shift+G"],
  ["lock", "Ctrl+Shift+L"],
  ["unlock", "Ctrl+Shift+L"],
  ["flip-x", "Shift+H"],
  ["flip-y", "Shift+V"],
  "-",
  ["align-left", ""],
  ["align-center", ""],
  ["align-right", ""],
  ["align-top", ""],
  ["align-middle", ""],
  ["align-bottom", ""],
  ["distribute-x", ""],
  ["distribute-y", ""],
  "-",
  ["all", "Ctrl+A"],
  ["picture", "I"],
  "-",
  ["delete", "Del"],
];
/** Shown although they cannot be done now. */
const USUAL = ["copy", "paste", "delete"];
/** @type {Record<string, string>} */
const PICTURES = { duplicate: "duplicate", delete: "remove", front: "front" };

/** @param {import("./surface.js").Surface} surface @returns {import("./popups.js").Items} */
function items({ editor, say }) {
  const few = editor.selection.keys.length > 0;
  /** @type {import("./popups.js").Items} */
  const all = [];
  for (const entry of MENU) {
    if (entry === "-") {
      if (all.length && all[all.length - 1] !== "-") all.push("-");
      continue;
    }
    const [command, key] = entry;
    const can = editor.commands.has(command);
    if (!can && !(few && USUAL.includes(command))) continue;
    all.push({
      label: say(`do.${command}`),
      key,
      icon: PICTURES[command] ?? "",
      off: !can,
      act: () => editor.act(command),
    });
  }
  if (all[all.length - 1] === "-") all.pop();
  return all;
}

/** @param {import("./surface.js").Surface} surface */
export function createSelectionBar(surface) {
  const { board, editor, say, popups, layer, signal } = surface;
  const bar = create("div", "island quick");
  const stops = makeToolbar(bar, say("selection"));
  const does = (/** @type {Command} */ command, /** @type {string} */ picture, /** @type {string} */ key) =>
    button(say(`do.${command}`), picture, () => editor.act(command), key);
  const duplicate = does("duplicate", "duplicate", "Ctrl+D");
  const front = does("front", "front", "]");
  const remove = does("delete", "remove", "Del");
  const more = button(say("more"), "more", () => popups.menu(more, say("selection"), items(surface)));
  more.setAttribute("aria-haspopup", "menu");
  bar.append(duplicate, front, remove, more);
  bar.hidden = true;

  const show = () => {
    const { bounds, keys } = editor.selection;
    bar.hidden = !bounds || !keys.length || editor.busy || !board.can.draw;
    if (bar.hidden || !bounds) return;
    setEnabled(duplicate, editor.commands.has("duplicate"));
    setEnabled(front, editor.commands.has("front"));
    setEnabled(remove, editor.commands.has("delete"));
    const box = layer.getBoundingClientRect();
    const corner = (/** @type {number} */ x, /** @type {number} */ y) => editor.viewport.toPixels(x, y);
    const { x, y, width, height } = bounds;
    const corners = [corner(x, y), corner(x + width, y), corner(x, y + height), corner(x + width, y + height)];
    const [top, bottom] = [Math.min(...corners.map((at) => at.clientY)), Math.max(...corners.map((at) => at.clientY))];
    const middle = corners.reduce((sum, at) => sum + at.clientX, 0) / corners.length;
    const { offsetWidth, offsetHeight } = bar;
    const left = Math.max(8, Math.min(middle - box.left - offsetWidth / 2, box.width - offsetWidth - 8));
    // Below it; above it where the tools are; on it where it is larger than what is seen.
    const below = bottom - box.top + 14;
    const above = top - box.top - offsetHeight - 34;
    const lowest = box.height - offsetHeight - 62;
    bar.style.left = `${left}px`;
    bar.style.top = `${below <= lowest ? below : above >= 54 ? above : lowest}px`;
    stops.refresh();
  };
  for (const kind of ["selection", "view", "gesture"]) editor.addEventListener(kind, show, { signal });
  for (const kind of ["can", "elements"]) board.addEventListener(kind, show, { signal });
  surface.onSize(show);

  editor.addEventListener(
    "menu",
    (event) =>
      popups.menuAt(
        /** @type {CustomEvent} */ (event).detail,
        say("menu"),
        editor.selection.keys.length
          ? items(surface)
          : [
              ...items(surface),
              { label: say("zoom.all"), key: "Shift+1", act: () => editor.viewport.fitAll() },
              "-",
              ...surface.menu(),
            ],
      ),
    { signal },
  );
  return bar;
}
