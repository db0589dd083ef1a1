// The part of the widget that ipycanvas does not have. One module, two parts: the bar (tools, people, status) and
// the overlay (cursors; what the page reports). Texts of people only ever go through textContent.

import { createLive } from "./live.js";
import { createPen } from "./pen.js";
import { typist } from "./typist.js";
import { ICONS, SWATCHES, TOOLS, WIDTHS, tint } from "./palette.js";

const GONE = "This board has lost its kernel. Run its cell again to go on; what was committed is not lost.";
const COLOR = /^#[0-9a-f]{6}$/i;
const CHOSEN = [
  ["delete", "Delete", "Del"], ["duplicate", "Duplicate", "Ctrl+D"],
  ["front", "Bring to front", "]"], ["back", "Send to back", "["],
];

function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// All that a page says goes over the canvas's comm. Before that model is known, words wait.
function speaker(model) {
  const found = model.widget_manager.get_model(model.get("input_model"));
  const say = (kind, content = {}) =>
    found.then((input) => {
      if (input && input.comm_live !== false) input.send({ ipysketch: kind, ...content }, {}, []);
    }).catch(() => {});  // No canvas, no kernel: nobody to tell.
  return { say, found };
}

const CHOICE = "ipysketch-choose";

// What is chosen counts at once, however far the kernel is; it says the same, or corrects it.
function take(model, { tool, ...style }) {
  if (tool) model.set("tool", tool);
  if (Object.keys(style).length) model.set("ink", { ...model.get("ink"), ...style });
}

function renderBar({ model, el }) {
  const { say, found } = speaker(model);
  const choose = (what) => {
    take(model, what);
    el.closest(".ipysketch-board")?.dispatchEvent(new CustomEvent(CHOICE, { detail: what }));
    say("choose", what);
  };
  const stop = new AbortController();
  const heard = [];
  const on = (names, update) => {
    for (const name of names) {
      model.on(`change:${name}`, update);
      heard.push([name, update]);
    }
    update();
  };
  el.classList.add("ipysketch-bar");
  const tools = element("div", "ipysketch-tools", { role: "toolbar", "aria-label": "Drawing" });

  const group = (label) => {
    const made = element("div", "ipysketch-group", { role: "group", "aria-label": label });
    tools.append(made);
    return made;
  };
  const button = (parent, label, title, act) => {
    const made = element("button", "ipysketch-button", { type: "button", "aria-label": label, title });
    made.addEventListener("click", () => { if (made.getAttribute("aria-disabled") !== "true") act(); });
    parent.append(made);
    return made;
  };
  const pressed = (made, is) => made.setAttribute("aria-pressed", String(is));

  const kinds = group("Tool");
  for (const [tool, [name, key, more]] of Object.entries(TOOLS)) {
    const made = button(kinds, name, `${name}${more ?? ""} (${key.toUpperCase()})`, () => choose({ tool }));
    made.innerHTML = ICONS[tool];
    made.dataset.harmless = ["select", "laser"].includes(tool);
    on(["tool"], () => pressed(made, model.get("tool") === tool));
  }

  const style = () => ({ color: "", fill: "", dash: "", opacity: 0, ...model.get("ink") });
  const dye = (color) => choose(style().fill ? { color, fill: tint(color) } : { color });
  const colors = group("Colour");
  for (const [color, name] of SWATCHES) {
    const made = button(colors, `Colour: ${name}`, name, () => dye(color));
    made.classList.add("ipysketch-swatch");
    made.style.setProperty("--ink", color);
    on(["ink"], () => pressed(made, style().color === color));
  }
  const own = element("input", "ipysketch-own", { type: "color", "aria-label": "Another colour", title: "another colour" });
  own.addEventListener("change", () => dye(own.value));
  colors.append(own);
  on(["ink"], () => {
    const { color } = style();
    if (COLOR.test(color)) own.value = color;
    own.classList.toggle("ipysketch-chosen", !SWATCHES.some(([known]) => known === color));
  });

  const widths = group("Width");
  for (const [width, name] of WIDTHS) {
    const made = button(widths, `Width: ${name}`, `${name} (${width})`, () => choose({ width }));
    made.classList.add("ipysketch-width");
    made.append(element("span", "ipysketch-dot"));
    made.style.setProperty("--size", `${3 + Math.sqrt(width) * 2.6}px`);
    on(["ink"], () => pressed(made, style().width === width));
  }

  const look = group("Style");
  const fill = button(look, "Fill", "Fill shapes", () => choose({ fill: style().fill ? "" : tint(style().color) }));
  fill.append(element("span", "ipysketch-fill"));
  on(["ink"], () => {
    pressed(fill, Boolean(style().fill));
    fill.style.setProperty("--fill", COLOR.test(style().fill) ? style().fill : "transparent");
  });
  const select = (label, names, read, send) => {
    const made = element("select", "ipysketch-select", { "aria-label": label, title: label });
    for (const [value, name] of names) {
      const option = element("option", "", { value });
      option.textContent = name;
      made.append(option);
    }
    made.addEventListener("change", () => send(made.value));
    look.append(made);
    on(["ink"], () => { made.value = String(read()); });
  };
  select("Line", [["", "whole"], ["dashed", "dashed"], ["dotted", "dotted"]],
    () => style().dash, (dash) => choose({ dash }));
  select("Opacity", [["0", "opaque"], ["75", "75 %"], ["50", "50 %"], ["25", "25 %"]],
    () => style().opacity, (opacity) => choose({ opacity: Number(opacity) }));

  const history = group("History");
  const undo = button(history, "Undo", "Undo my last change (Ctrl+Z)", () => say("undo"));
  const redo = button(history, "Redo", "Redo (Ctrl+Shift+Z)", () => say("redo"));
  const clear = button(history, "Clear the board", "Clear the board (undo brings it back)", () => say("clear"));
  undo.innerHTML = ICONS.undo;
  redo.innerHTML = ICONS.redo;
  clear.innerHTML = ICONS.clear;
  const grid = button(history, "Grid", "Grid (G)", () => {
    const board = el.closest(".ipysketch-board");
    pressed(grid, board.classList.toggle("ipysketch-grid"));
  });
  grid.innerHTML = ICONS.grid;
  grid.dataset.harmless = "true";
  pressed(grid, false);

  const parts = group("Selection");
  for (const [what, name, key] of CHOSEN) {
    const made = button(parts, name, `${name} (${key})`, () => say("act", { what }));
    made.innerHTML = ICONS[what === "delete" ? "remove" : what];
  }
  on(["chosen"], () => { parts.hidden = !model.get("chosen"); });
  // Not `disabled`: that would throw the focus away from under the keyboard.
  on(["can_draw", "can_clear", "can_undo", "can_redo"], () => {
    const may = model.get("can_draw");
    for (const made of tools.querySelectorAll("button, input, select")) {
      made.setAttribute("aria-disabled", String(!may && made.dataset.harmless !== "true"));
      if (made.localName === "select") made.disabled = !may;
    }
    undo.setAttribute("aria-disabled", String(!may || !model.get("can_undo")));
    redo.setAttribute("aria-disabled", String(!may || !model.get("can_redo")));
    clear.setAttribute("aria-disabled", String(!may || !model.get("can_clear")));
    own.disabled = !may;
  });

  const people = element("ul", "ipysketch-people", { "aria-label": "Here now" });
  on(["people", "following"], () => {
    people.replaceChildren(...model.get("people").map(({ name, color, me, peer }) => {
      const person = element("li", "ipysketch-person");
      const dot = element("span", "ipysketch-who");
      if (COLOR.test(color)) dot.style.setProperty("--ink", color);
      const text = element("span", "ipysketch-name");
      text.textContent = me ? `${name} (you)` : name;
      person.title = text.textContent;
      if (me || !peer) {
        person.append(dot, text);
        return person;
      }
      const followed = peer === model.get("following");
      const follow = element("button", "ipysketch-follow", { type: "button", "aria-pressed": String(followed) });
      follow.title = followed ? `You follow ${name}: click to stop` : `Follow ${name} from page to page`;
      follow.addEventListener("click", () => say("follow", { peer: followed ? "" : peer }));
      follow.append(dot, text);
      person.append(follow);
      return person;
    }));
  });

  const leaf = element("div", "ipysketch-pages", { role: "group", "aria-label": "Pages" });
  const turnTo = (step) => {
    const pages = model.get("pages");
    const here = pages.findIndex(([key]) => key === model.get("page"));
    const next = pages[here + step];
    if (next) say("turn", { page: next[0] });
  };
  const back = button(leaf, "Previous page", "Previous page (Page Up)", () => turnTo(-1));
  const where = element("span", "ipysketch-where");
  const title = element("input", "ipysketch-title", { "aria-label": "Name of the page", maxlength: "80" });
  const on_ = button(leaf, "Next page", "Next page (Page Down)", () => turnTo(1));
  const add = button(leaf, "Add a page", "Add a page", () => say("add page"));
  const drop = button(leaf, "Delete this page", "Delete this page (undo brings it back)",
    () => say("remove page", { page: model.get("page") }));
  back.innerHTML = ICONS.previous;
  on_.innerHTML = ICONS.next;
  add.innerHTML = ICONS.add;
  drop.innerHTML = ICONS.clear;
  back.after(where, title);
  title.addEventListener("change", () => say("rename page", { page: model.get("page"), name: title.value }));
  on(["pages", "page", "can_draw"], () => {
    const pages = model.get("pages");
    const here = Math.max(0, pages.findIndex(([key]) => key === model.get("page")));
    where.textContent = `page ${here + 1} of ${Math.max(1, pages.length)}`;
    back.setAttribute("aria-disabled", String(here === 0));
    on_.setAttribute("aria-disabled", String(here >= pages.length - 1));
    title.hidden = drop.hidden = here === 0;
    title.placeholder = "name";
    if (document.activeElement !== title) title.value = pages[here]?.[1] ?? "";
    for (const made of [add, drop]) made.setAttribute("aria-disabled", String(!model.get("can_draw")));
    title.disabled = !model.get("can_draw");
  });

  const status = element("div", "ipysketch-status");
  const line = element("span", "ipysketch-line", { role: "status", "aria-live": "polite" });
  const notice = element("span", "ipysketch-notice", { role: "alert" });
  const loading = element("progress", "ipysketch-loading", { "aria-label": "Loading the drawing", max: "1", hidden: "" });
  const words = element("div", "ipysketch-words");
  words.append(line, loading, notice);
  const said = element("div", "ipysketch-said");
  said.append(words);
  status.append(said, leaf);
  on(["status", "connected"], () => {
    line.textContent = model.get("status");
    status.dataset.connected = model.get("connected");
  });
  on(["progress"], () => {
    loading.hidden = model.get("progress") === null;
    loading.value = model.get("progress") ?? 0;
  });
  on(["notice"], () => { notice.textContent = model.get("notice"); });

  const banner = element("div", "ipysketch-dead", { role: "alert", hidden: "" });
  watchKernel(model, found, stop.signal, (gone) => {
    banner.textContent = gone ? GONE : "";
    tools.inert = gone;
    banner.hidden = !gone;
    people.hidden = status.hidden = gone;  // They would tell of a time that is over.
    el.closest(".ipysketch-board")?.classList.toggle("ipysketch-gone", gone);
  });

  const top = element("div", "ipysketch-top");
  top.append(tools, people);
  el.append(top, status, banner);
  return () => {
    stop.abort();
    for (const [name, update] of heard) model.off(`change:${name}`, update);
  };
}

// Tells whether the kernel behind the canvas is gone, as far as this front end lets us know.
async function watchKernel(model, found, signal, tell) {
  const input = await found.catch(() => null);
  if (!input || signal.aborted) return;
  let dead = false;
  const update = () => tell(dead || input.comm_live === false);
  const kernel = model.widget_manager.kernel;
  const changed = (_, state) => {
    dead = ["dead", "restarting", "autorestarting", "terminating"].includes(state);
    update();
  };
  input.on?.("comm_live_update", update);
  kernel?.statusChanged?.connect(changed);
  signal.addEventListener("abort", () => {
    input.off?.("comm_live_update", update);
    kernel?.statusChanged?.disconnect(changed);
  });
  update();
}

function pointer() {
  const cursor = element("div", "ipysketch-cursor");
  const arrow = element("span", "ipysketch-arrow");
  arrow.innerHTML = '<svg viewBox="0 0 16 16"><path d="M2 1.5l11.5 5.2-5 1.6-2.2 4.9z"/></svg>';
  cursor.append(arrow, element("span", "ipysketch-label"));
  return cursor;
}

function renderOverlay({ model, el }) {
  const { say, found } = speaker(model);
  const stop = new AbortController();
  const { signal } = stop;
  const view = crypto.getRandomValues(new Uint32Array(3)).join("-");
  el.classList.add("ipysketch-overlay");

  // --- cursors ---
  const shown = element("div", "ipysketch-cursors", { "aria-hidden": "true" });
  el.append(shown);
  const cursors = () => {
    const all = model.get("cursors");
    while (shown.childElementCount > all.length) shown.lastElementChild.remove();
    all.forEach(([x, y, name, color], i) => {
      const cursor = shown.children[i] ?? shown.appendChild(pointer());
      const label = cursor.lastElementChild;
      // The page lays nothing out anew for a transform alone.
      cursor.style.transform = `translate(${100 * x}cqw, ${100 * y}cqh) scale(calc(1 / var(--zoom, 1)))`;
      if (label.textContent !== name) label.textContent = name;
      if (COLOR.test(color)) cursor.style.setProperty("--ink", color);
      else cursor.style.removeProperty("--ink");
    });
  };
  model.on("change:cursors", cursors);
  cursors();

  // --- what is chosen, and the box that chooses ---
  const boxes = element("div", "ipysketch-frames", { "aria-hidden": "true" });
  el.append(boxes);
  const frames = () => {
    boxes.replaceChildren(...model.get("frames").map(([x, y, width, height, kind]) => {
      const box = element("div", `ipysketch-frame ipysketch-${kind === "band" ? "band" : "taken"}`);
      Object.assign(box.style, {
        left: `${100 * x}%`, top: `${100 * y}%`, width: `${100 * width}%`, height: `${100 * height}%`,
      });
      return box;
    }));
  };
  model.on("change:frames", frames);
  frames();

  // --- frames: acknowledged once on the screen ---
  let asked = 0;
  const acknowledge = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => say("ack", { view, frame: model.get("frame") }));
  };
  model.on("change:frame", acknowledge);

  // --- ink under others' hands ---
  const live = createLive(el, () => pen.pixels(), () => say("lost"));
  const hear = (message) => { if (message.live) live.hear(message.live); };
  model.on("msg:custom", hear);

  // --- the pen ---
  const pen = createPen({
    el, say, view, signal,
    state: () => ({
      tool: model.get("tool"), style: model.get("ink"), canDraw: model.get("can_draw"), others: model.get("others"),
    }),
    type: (x, y, place) => typist(el, model.get("ink"), place, (text) => say("text", { x, y, text })),
    zoomed: (zoom, view) => {
      if (zoom !== magnified) {
        magnified = zoom;
        report();
      }
      clearTimeout(looking);
      looking = setTimeout(() => say("look", { view: zoom === 1 ? null : view }), 100);
    },
  });
  // The text that is chosen is changed where it is: by a double click, perhaps told before the kernel tells which it is.
  let wanted = false;
  const rewrite = () => {
    const { key: chosen, x, y, text, ...style } = model.get("written");
    if (!chosen || !model.get("can_draw")) return false;
    wanted = false;
    const box = el.getBoundingClientRect();
    const place = [box.left + x * box.width, box.top + y * box.height];
    typist(el, style, place, (text) => say("rewrite", { key: chosen, text }), text);
    return true;
  };
  const written = () => { if (wanted) rewrite(); };
  model.on("change:written", written);
  el.addEventListener("dblclick", () => { wanted = model.get("tool") === "select" && !rewrite(); }, { signal });
  el.addEventListener("pointerdown", () => { wanted = false; }, { signal });

  let looking = 0;
  const go = () => { if (model.get("following")) pen.show(model.get("view_box")); };
  model.on("change:view_box", go);
  model.on("change:following", go);
  const finished = () => pen.dry(model.get("finished"));
  model.on("change:finished", finished);
  const lasers = () => pen.lasers(model.get("lasers"));
  model.on("change:lasers", lasers);
  watchKernel(model, found, signal, (gone) => {
    pen.enable(!gone);
    if (gone) live.clear();
  });

  // --- how this page is ---
  let near = true;
  let magnified = 1;
  let sharpness = window.devicePixelRatio;
  const report = () => say("view", {
    view, ratio: window.devicePixelRatio * magnified, visible: near && document.visibilityState === "visible",
  });
  const observer = new IntersectionObserver((entries) => {
    attach();
    const now = entries.at(-1).isIntersecting;
    if (now !== near) {
      near = now;
      report();
    }
  });
  observer.observe(el);
  report();
  document.addEventListener("visibilitychange", report, { signal });
  window.addEventListener("resize", () => {
    if (sharpness === window.devicePixelRatio) return;
    sharpness = window.devicePixelRatio;
    report();
  }, { signal });
  window.addEventListener("pagehide", () => say("gone", { view }), { signal });
  window.addEventListener("pageshow", (event) => { if (event.persisted) report(); }, { signal });
  window.addEventListener("blur", () => pen.endAll(), { signal });

  // --- keys, once we stand in the board ---
  el.tabIndex = 0;
  el.setAttribute("role", "application");
  el.setAttribute("aria-label", `Shared drawing board. ${
    Object.values(TOOLS).map(([name, letter]) => `${letter.toUpperCase()} ${name.toLowerCase()}`).join(", ")
  }. Ctrl+Z undo, Escape cancel, + and - zoom, 0 whole board, Tab leaves.`);
  let board = null;
  const attach = () => {
    const found = el.closest(".ipysketch-board");
    if (!found || board === found) return;
    board = found;
    // Ours is the surface that hears; the one below would take every key and the wheel.
    const paper = board.querySelector("canvas.ipysketch-paper");
    if (paper) paper.tabIndex = -1;
    board.addEventListener("keydown", (event) => key(event, say, pen, rewrite), { capture: true, signal });
    board.addEventListener(CHOICE, (event) => take(model, event.detail), { signal });
    board.addEventListener("keydown", (event) => event.stopPropagation(), { signal });
  };
  attach();

  return () => {
    stop.abort();
    observer.disconnect();
    cancelAnimationFrame(asked);
    model.off("change:cursors", cursors);
    model.off("change:frame", acknowledge);
    model.off("change:finished", finished);
    model.off("change:written", written);
    model.off("change:frames", frames);
    model.off("change:view_box", go);
    model.off("change:following", go);
    clearTimeout(looking);
    model.off("change:lasers", lasers);
    model.off("msg:custom", hear);
    say("gone", { view });
  };
}

const byKey = Object.fromEntries(Object.entries(TOOLS).map(([tool, [, letter]]) => [letter, tool]));
const ACTS = {
  delete: "delete", backspace: "delete", "]": "front", "[": "back",
  arrowleft: "left", arrowright: "right", arrowup: "up", arrowdown: "down",
};

// Keys while the board has the focus. Neither ipycanvas nor the notebook's one-letter commands may see them; what is
// a command of the page (Ctrl+S) goes on to it, past the canvas.
function key(event, say, pen, rewrite) {
  if (event.target.matches?.("textarea, input, select")) return;  // It hears its own.
  event.stopPropagation();
  const command = event.ctrlKey || event.metaKey;
  const name = event.key.toLowerCase();
  const act = (kind, content) => {
    event.preventDefault();
    say(kind, content);
  };
  if (command && !event.altKey && name === "d") act("act", { what: "duplicate" });
  else if (command && !event.altKey && name === "a") act("act", { what: "all" });
  else if (command && !event.altKey && name === "z") act(event.shiftKey ? "redo" : "undo");
  else if (command && !event.altKey && name === "y") act("redo");
  else if (command) {
    const again = new KeyboardEvent("keydown", event);
    event.currentTarget.parentElement?.dispatchEvent(again);
    if (again.defaultPrevented) event.preventDefault();
  } else if (event.altKey) return;
  else if (byKey[name]) {
    const what = { tool: byKey[name] };
    event.currentTarget.dispatchEvent(new CustomEvent(CHOICE, { detail: what }));
    act("choose", what);
  }
  else if (ACTS[name]) act("act", { what: ACTS[name] });
  else if (name === "escape") {
    pen.cancelAll();
    say("act", { what: "none" });
  }
  else if (name === "pageup" || name === "pagedown") {
    event.preventDefault();
    event.currentTarget.querySelector(`[aria-label="${name === "pageup" ? "Previous" : "Next"} page"]`)?.click();
  } else if (name === "g") event.currentTarget.querySelector('[aria-label="Grid"]')?.click();
  else if (name === "enter" && !event.target.closest("button")) {
    event.preventDefault();
    rewrite();
  }
  else if (name === "0") pen.look(1, 0, 0);
  else if (name === "+" || name === "=") pen.zoomBy(1.25);
  else if (name === "-") pen.zoomBy(0.8);
}

export default {
  render(context) {
    return context.model.get("part") === "bar" ? renderBar(context) : renderOverlay(context);
  },
};
