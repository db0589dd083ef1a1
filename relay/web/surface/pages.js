// @ts-check
// The pages: turning them, their list, and what is done to one. What deletes is in a menu, never where "+" was a moment ago.

import { button, create, makeToolbar, setEnabled, setLabel, setText } from "./nodes.js";

/** @param {import("./surface.js").Surface} surface */
export function createPages(surface) {
  const { board, say, popups, signal } = surface;
  const bar = create("div", "island pages");
  const stops = makeToolbar(bar, say("pages"));
  const number = () =>
    Math.max(
      0,
      board.pages.findIndex(({ key }) => key === board.page),
    );
  const step = (/** @type {number} */ by) => {
    const next = board.pages[number() + by];
    if (next) board.turn(next.key);
  };
  const nameOf = (/** @type {number} */ i) => board.pages[i]?.name || say("page.n", { n: i + 1 });

  const previous = button(say("page.previous"), "previous", () => step(-1), "PageUp");
  const where = button("", "", () => popups.menu(where, say("pages"), list()));
  where.classList.add("ipysketch-where");
  where.setAttribute("aria-haspopup", "menu");
  const next = button(say("page.next"), "next", () => step(1), "PageDown");
  const add = button(say("page.add"), "add", () => board.addPage());
  const more = button(say("menu"), "more", () => popups.menu(more, say("menu"), surface.menu()));
  more.setAttribute("aria-haspopup", "menu");
  previous.classList.add("ipysketch-turn");
  next.classList.add("ipysketch-turn");
  add.classList.add("ipysketch-add");
  bar.append(previous, where, next, add, more);

  const list = () =>
    board.pages.map(({ key }, i) => ({
      label: `${i + 1}${board.pages[i].name ? ` · ${board.pages[i].name}` : ""}`,
      checked: key === board.page,
      choice: true,
      act: () => board.turn(key),
    }));

  /** Ask for a name beside the button of the menu. */
  const rename = () => {
    const { page } = board;
    const panel = create("form", "panel ask", { role: "dialog", "aria-label": say("page.rename") });
    const field = create("input", "field", {
      "aria-label": say("page.name"),
      maxlength: "80",
      placeholder: say("page.name"),
    });
    field.value = board.pages[number()]?.name ?? "";
    panel.append(field, create("button", "primary", { type: "submit" }, say("ok")));
    panel.addEventListener("submit", (event) => {
      event.preventDefault();
      board.renamePage(page, field.value);
      popups.close(true);
    });
    popups.toggle(more, panel);
    field.select();
  };

  const show = () => {
    const here = number();
    const count = Math.max(1, board.pages.length);
    setText(where, `${here + 1} / ${count}`);
    const name = board.pages[here]?.name;
    setLabel(where, say("page.of", { n: here + 1, count }) + (name ? `: ${name}` : ""));
    setEnabled(previous, here > 0);
    setEnabled(next, here < count - 1);
    setEnabled(add, board.can.draw);
    stops.refresh();
  };
  for (const kind of ["pages", "can"]) board.addEventListener(kind, show, { signal });
  show();
  return { node: bar, step, rename, number, nameOf };
}
