// @ts-check
// The tools, and the button that shows the ink in hand and opens its panel.

import { TOOLS } from "../canvas/palette.js";
import { HARMLESS } from "../editing/style.js";
import { button, create, icon, makeToolbar, setEnabled, setLabel } from "./nodes.js";
import { createStylePanel } from "./style_panel.js";

/** @typedef {import("../board/types").ToolName} ToolName */

/** Tools that share a button: the one that was chosen last is on it. */
const GROUPS = [
  ["select"],
  ["hand"],
  ["pen"],
  ["highlighter"],
  ["eraser", "cutter"],
  ["arrow", "line"],
  ["rectangle", "ellipse"],
  ["text"],
  ["note"],
  ["laser"],
];
const FEWER = [
  ["select"],
  ["hand"],
  ["pen", "highlighter", "laser"],
  ["eraser", "cutter"],
  ["arrow", "line", "rectangle", "ellipse", "note"],
  ["text"],
];
/** Of new ink, by families: who takes the highlighter wants no black one, and no yellow text after it. */
const NO_INK = ["select", "hand", "eraser", "cutter"];
const MARKING = { color: "#f5c518", width: 16, opacity: 0 };
const NOTING = { color: "#f5c518", width: 4, opacity: 0 };

/** @param {import("./surface.js").Surface} surface */
export function createTools(surface) {
  const { board, editor, say, popups, signal } = surface;
  const bar = create("div", "island tools");
  const stops = makeToolbar(bar, say("tools"));
  /** @type {{node: HTMLElement, group: string[], tool: string}[]} */
  let buttons = [];
  /** @type {Record<string, string>} */
  const last = {};
  const ink = button(say("style"), "", () => popups.toggle(ink, createStylePanel(surface)), "");
  ink.classList.add("ipysketch-ink", "ipysketch-several");
  ink.setAttribute("aria-haspopup", "dialog");
  ink.append(create("span", "sample"));

  const picture = button(say("do.picture"), "image", () => editor.act("picture"), "I");
  picture.append(create("kbd", "", { "aria-hidden": "true" }, "I"));

  const nameOf = (/** @type {string} */ tool) => say(`tool.${tool}`);
  const keyOf = (/** @type {string} */ tool) => (TOOLS[tool]?.[1] ?? "").toUpperCase();
  const may = (/** @type {string} */ tool) => board.can.draw || HARMLESS.includes(tool);
  const pick = (/** @type {string} */ tool) => editor.choose({ tool: /** @type {ToolName} */ (tool) });

  const build = () => {
    popups.close();
    const groups = surface.size === "large" ? GROUPS : FEWER;
    buttons = groups.map((all) => {
      const group = all.filter((tool) => tool in TOOLS);
      const entry = { node: create("button", ""), group, tool: last[group[0]] ?? group[0] };
      entry.node = button("", "", () => press(entry));
      entry.node.classList.add("ipysketch-tool");
      entry.node.dataset.tools = group.join(" ");
      if (group.length > 1) {
        entry.node.classList.add("ipysketch-several");
        entry.node.setAttribute("aria-haspopup", "menu");
      }
      return entry;
    });
    const nodes = buttons.map(({ node }) => node);
    // A picture is no tool: it is chosen, and there.
    if (groups === GROUPS) nodes.splice(8, 0, picture);
    bar.replaceChildren(...nodes, create("span", "rule"), ink);
    show();
  };

  const press = (/** @type {typeof buttons[number]} */ entry) => {
    const { node, group, tool } = entry;
    if (may(tool)) pick(tool);
    if (group.length < 2) return;
    const items = group.map((each) => ({
      label: nameOf(each),
      icon: each,
      key: keyOf(each),
      checked: each === editor.tool,
      choice: true,
      off: !may(each),
      act: () => pick(each),
    }));
    // The keyboard goes into it only when it came by the keyboard: who presses it with a pointer draws on.
    popups.menu(node, nameOf(tool), items, node.matches(":focus-visible"));
  };

  const show = () => {
    const { tool, style, selection } = editor;
    for (const entry of buttons) {
      const here = entry.group.includes(tool);
      if (here) entry.tool = last[entry.group[0]] = tool;
      const { node } = entry;
      if (node.dataset.shown !== entry.tool) {
        node.dataset.shown = entry.tool;
        const key = keyOf(entry.tool);
        node.replaceChildren(icon(entry.tool), ...(key ? [create("kbd", "", { "aria-hidden": "true" }, key)] : []));
        node.dataset.key = key;
        setLabel(node, nameOf(entry.tool));
      }
      node.setAttribute("aria-pressed", String(here));
      setEnabled(node, may(entry.tool));
    }
    const shown = { ...style, ...selection.style };
    const color = shown.color === "mixed" ? "transparent" : shown.color;
    ink.style.setProperty("--ink", color);
    ink.dataset.color = style.color;
    const width = Number(shown.width);
    ink.style.setProperty("--dot", `${Math.min(14, 3 + Math.sqrt(Number.isFinite(width) ? width : 4) * 2)}px`);
    ink.classList.toggle("ipysketch-mixed", shown.color === "mixed");
    setEnabled(ink, board.can.draw);
    setEnabled(picture, board.can.draw);
    stops.refresh();
  };

  // What was chosen for one family of tools is not the ink of the other.
  const family = () => (editor.tool === "highlighter" ? "marking" : editor.tool === "note" ? "noting" : "drawing");
  /** @type {Record<string, {color: string, width: number, opacity: number} | null>} */
  const inks = { marking: MARKING, noting: NOTING, drawing: null };
  let before = family();
  editor.addEventListener(
    "tool",
    () => {
      const now = family();
      if (now === before || NO_INK.includes(editor.tool)) return;
      const { color, width, opacity } = editor.style;
      inks[before] = { color, width, opacity };
      before = now;
      if (inks[now]) editor.choose(inks[now]);
    },
    { signal },
  );
  for (const kind of ["tool", "style", "selection"]) editor.addEventListener(kind, show, { signal });
  board.addEventListener("can", show, { signal });
  surface.onSize(build);
  build();
  return { node: bar };
}
