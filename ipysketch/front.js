// The front-end part of a board: the bar (tools, people, status) and the overlay (cursors, frames, keys).
// Names and texts of others are only ever set as textContent: nothing a peer says is markup.

const ICONS = {
  pen: "M4 20l1-4L16 5l3 3L8 19z",
  eraser: "M3 16l9-10 7 6-8 8H7zM8 10l7 6",
  undo: "M9 7L4 12l5 5M4 12h10a5 5 0 010 10h-2",
  redo: "M15 7l5 5-5 5M20 12H10a5 5 0 000 10h2",
  clear: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
};
const COLORS = [
  ["#1d1d1f", "black"], ["#d1495b", "red"], ["#c46a1b", "orange"], ["#2e8b57", "green"],
  ["#00798c", "teal"], ["#1f6fb2", "blue"], ["#8e5bb5", "purple"], ["#b0307a", "magenta"],
];
const WIDTHS = [[2, "fine"], [4, "medium"], [8, "broad"], [16, "very broad"]];

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: 18, height: 18, "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function button(label, shortcut, content, press) {
  const node = element("button", {
    type: "button",
    class: "ipysketch-button",
    "aria-label": label,
    title: shortcut ? `${label} (${shortcut})` : label,
  }, content);
  node.addEventListener("click", press);
  return node;
}

function renderBar({ model, el }) {
  const send = (kind, more = {}) => model.send({ kind, ...more });
  const pen = button("Pen", "P", icon("pen"), () => send("choose", { tool: "pen" }));
  const eraser = button("Eraser of whole strokes", "E", icon("eraser"), () => send("choose", { tool: "eraser" }));
  const swatches = COLORS.map(([color, name]) => {
    const dot = element("span", { class: "ipysketch-swatch" });
    dot.style.background = color;
    const node = button(`Draw in ${name}`, "", dot, () => send("choose", { color }));
    node.dataset.color = color;
    return node;
  });
  const picker = element("input", { type: "color", class: "ipysketch-picker", "aria-label": "Draw in another colour",
    title: "Draw in another colour" });
  picker.addEventListener("change", () => send("choose", { color: picker.value }));
  const widths = WIDTHS.map(([width, name]) => {
    const dot = element("span", { class: "ipysketch-width" });
    dot.style.width = dot.style.height = `${Math.min(16, width + 2)}px`;
    const node = button(`Draw ${name} lines`, "", dot, () => send("choose", { width }));
    node.dataset.width = width;
    return node;
  });
  const undo = button("Undo my last change", "Ctrl+Z", icon("undo"), () => send("undo"));
  const redo = button("Redo my last undo", "Ctrl+Shift+Z", icon("redo"), () => send("redo"));
  const clear = button("Clear the board (undo brings it back)", "", icon("clear"), () => send("clear"));
  const group = (label, ...nodes) => element("div", { role: "group", "aria-label": label, class: "ipysketch-group" }, ...nodes);
  const people = element("ul", { class: "ipysketch-people", "aria-label": "Who is here" });
  const status = element("div", { class: "ipysketch-status", role: "status", "aria-live": "polite" });
  const notice = element("div", { class: "ipysketch-notice", role: "alert" });
  const tools = element("div", { class: "ipysketch-tools", role: "toolbar", "aria-label": "Drawing tools" },
    group("Tools", pen, eraser), group("Colours", ...swatches, picker), group("Line width", ...widths),
    group("History", undo, redo, clear));
  el.classList.add("ipysketch-bar");
  el.append(tools, element("div", { class: "ipysketch-line" }, status, people), notice);

  function update() {
    const state = model.get("state");
    const press = (node, on) => node.setAttribute("aria-pressed", on ? "true" : "false");
    press(pen, state.tool === "pen");
    press(eraser, state.tool === "eraser");
    for (const node of swatches) press(node, node.dataset.color === state.color);
    for (const node of widths) press(node, Number(node.dataset.width) === state.width);
    if (state.color) picker.value = state.color;
    undo.disabled = !state.can_undo;
    redo.disabled = !state.can_redo;
    if (status.textContent !== state.status) status.textContent = state.status ?? "";
    status.classList.toggle("ipysketch-offline", !state.connected);
    notice.textContent = state.notice ?? "";
    people.replaceChildren(...(state.people ?? []).map(([name, color, me]) => {
      const dot = element("span", { class: "ipysketch-dot", "aria-hidden": "true" });
      dot.style.background = color;
      const text = element("span");
      text.textContent = me ? `${name} (you)` : name;
      return element("li", {}, dot, text);
    }));
  }
  function died() {
    status.textContent = "the kernel has gone: this board no longer draws; run its cell again";
    status.classList.add("ipysketch-offline");
    for (const node of tools.querySelectorAll("button, input")) node.disabled = true;
  }
  model.on("change:state", update);
  model.on("comm_live_changed", () => { if (model.comm_live === false) died(); });
  update();
  return () => model.off("change:state", update);
}

function renderOverlay({ model, el }) {
  const view = crypto.randomUUID();
  const send = (kind, more = {}) => model.send({ kind, view, ...more });
  el.classList.add("ipysketch-overlay");
  el.setAttribute("aria-hidden", "true");
  const stop = new AbortController();
  let shown = true;
  let said = null;

  function tell() {
    const visible = shown && document.visibilityState === "visible";
    const now = `${visible} ${devicePixelRatio}`;
    if (now !== said) {
      said = now;
      send("page", { visible, ratio: devicePixelRatio });
    }
  }
  const watcher = new IntersectionObserver((entries) => {
    shown = entries[entries.length - 1].isIntersecting;
    tell();
  });
  watcher.observe(el);
  document.addEventListener("visibilitychange", tell, { signal: stop.signal });
  window.addEventListener("resize", tell, { signal: stop.signal });

  function frame(message) {
    if (message.frame === undefined) return;
    requestAnimationFrame(() => requestAnimationFrame(() => send("ack", { frame: message.frame })));
  }
  model.on("msg:custom", frame);

  function cursors() {
    el.replaceChildren(...model.get("cursors").map(([name, color, x, y]) => {
      const label = element("span", { class: "ipysketch-cursor-name" });
      label.textContent = name;
      const cursor = element("div", { class: "ipysketch-cursor" }, label);
      cursor.style.left = `${100 * x}%`;
      cursor.style.top = `${100 * y}%`;
      cursor.style.setProperty("--ink", color);
      return cursor;
    }));
  }
  model.on("change:cursors", cursors);
  cursors();

  requestAnimationFrame(() => {
    const stage = el.closest(".ipysketch-stage");
    if (!stage) return;
    stage.tabIndex = 0;
    stage.setAttribute("role", "application");
    stage.setAttribute("aria-label", "Shared drawing board");
    // While the board has the focus its letters are its own, not the notebook's.
    stage.dataset.lmSuppressShortcuts = "true";
    stage.addEventListener("pointerdown", () => stage.focus({ preventScroll: true }), { signal: stop.signal });
    stage.addEventListener("keydown", (event) => {
      const key = event.key.toLowerCase();
      const command = event.ctrlKey || event.metaKey;
      let name = null;
      if (command && key === "z") name = event.shiftKey ? "redo" : "undo";
      else if (command && key === "y") name = "redo";
      else if (!command && !event.altKey && key === "p") name = "pen";
      else if (!command && !event.altKey && key === "e") name = "eraser";
      else if (key === "escape") name = "cancel";
      if (name === null) return;
      event.preventDefault();
      event.stopPropagation();
      send("key", { name });
    }, { signal: stop.signal, capture: true });
  });
  tell();
  return () => {
    stop.abort();
    watcher.disconnect();
    model.off("msg:custom", frame);
    model.off("change:cursors", cursors);
    send("page", { visible: false, ratio: devicePixelRatio });
  };
}

export default {
  render(context) {
    return context.model.get("part") === "bar" ? renderBar(context) : renderOverlay(context);
  },
};
