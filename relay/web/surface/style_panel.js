// @ts-check
// The panel of colour, width, line, fill and opacity: of the selection where there is one, else of the ink in hand.

import { SIZES, SWATCHES, WIDTHS, tint } from "../canvas/palette.js";
import { COLOR, create } from "./nodes.js";

/** @typedef {import("../board/types").Style} Style */

/** Line styles as they are drawn. */
const DASHES = { "": "", dashed: "5 4", dotted: "0.1 4" };

/** @param {import("./surface.js").Surface} surface */
export function createStylePanel({ editor, say }) {
  const panel = create("div", "panel style", { role: "dialog", "aria-label": say("style") });
  const stop = new AbortController();
  /** @type {(() => void)[]} */
  const updates = [];

  /** What the panel shows: undefined where nothing selected has it. @param {keyof Style} name */
  const now = (name) => {
    const { keys, style } = editor.selection;
    return keys.length ? style[name] : editor.style[name];
  };
  const color = () => {
    const chosen = now("color");
    return typeof chosen === "string" && COLOR.test(chosen) ? chosen : editor.style.color;
  };
  /** @param {Partial<Style>} choice */
  const choose = (choice) => {
    const fill = now("fill");
    // What is inside shapes goes with their colour.
    if (choice.color && fill && fill !== "mixed") choice.fill = fill === color() ? choice.color : tint(choice.color);
    editor.choose(choice);
  };

  /** @param {string} label @param {string} name */
  const row = (label, name) => {
    const words = create("div", "label", {}, label);
    const group = create("div", `row ${name}`, { role: "group", "aria-label": label });
    panel.append(words, group);
    return group;
  };
  /** @param {HTMLElement} group @param {string} label @param {() => void} act @param {() => boolean} pressed
   * @param {string} [markup] of our own */
  const option = (group, label, act, pressed, markup = "") => {
    const node = create("button", "option", { type: "button", "aria-label": label, "data-tip": label });
    node.innerHTML = markup;
    node.addEventListener("click", act);
    group.append(node);
    updates.push(() => node.setAttribute("aria-pressed", String(pressed())));
    return node;
  };

  const colors = row(say("colour"), "colors");
  for (const [ink, name] of SWATCHES) {
    const label = say("colour.of", { name: say(`ink.${name}`) });
    option(
      colors,
      label,
      () => choose({ color: ink }),
      () => now("color") === ink,
    ).style.setProperty("--ink", ink);
  }
  const own = create("input", "own", {
    type: "color",
    "aria-label": say("colour.another"),
    "data-tip": say("colour.another"),
  });
  own.addEventListener("change", () => choose({ color: own.value }));
  colors.append(own);
  updates.push(() => {
    own.value = color();
    own.classList.toggle("ipysketch-chosen", now("color") !== "mixed" && !SWATCHES.some(([ink]) => ink === color()));
  });

  const widths = row(say("width"), "widths");
  for (const [width, name] of WIDTHS) {
    const label = say("width.of", { name: say(`width.${name}`) });
    const node = option(
      widths,
      label,
      () => choose({ width }),
      () => now("width") === width,
    );
    node.append(create("span", "dot"));
    node.style.setProperty("--dot", `${2 + Math.sqrt(width) * 2.4}px`);
  }

  const sizes = row(say("size"), "sizes");
  for (const [size, name] of SIZES) {
    const label = say("size.of", { name: say(`size.${name}`) });
    option(
      sizes,
      label,
      () => choose({ size }),
      () => now("size") === size,
      name,
    );
  }

  const lines = row(say("line"), "lines");
  for (const [dash, drawn] of Object.entries(DASHES)) {
    const picture = `<svg viewBox="0 0 20 20"><path d="M2 10h16" stroke-width="2" stroke-dasharray="${drawn}"/></svg>`;
    const label = say("line.of", { name: say(`line.${dash || "solid"}`) });
    option(
      lines,
      label,
      () => choose({ dash: /** @type {Style["dash"]} */ (dash) }),
      () => now("dash") === dash,
      picture,
    );
  }
  if (editor.style.even !== undefined) {
    const picture = '<svg viewBox="0 0 20 20"><path d="M3 14C7 3 10 18 17 6" stroke-width="2.5"/></svg>';
    option(
      lines,
      say("even"),
      () => choose({ even: !now("even") }),
      () => now("even") === true,
      picture,
    );
  }

  const fills = row(say("fill"), "fills");
  /** @type {[string, () => string][]} */
  const kinds = [
    ["none", () => ""],
    ["light", () => tint(color())],
    ["full", () => color()],
  ];
  for (const [name, of] of kinds) {
    const label = say("fill.of", { name: say(`fill.${name}`) });
    const picture = `<svg viewBox="0 0 20 20"><path class="ipysketch-${name}" d="M4 4h12v12H4z"/></svg>`;
    option(
      fills,
      label,
      () => editor.choose({ fill: of() }),
      () => now("fill") === of(),
      picture,
    );
  }

  panel.append(create("div", "label", {}, say("opacity")));
  const opacity = create("input", "opacity", {
    type: "range",
    min: "10",
    max: "100",
    step: "5",
    "aria-label": say("opacity"),
  });
  opacity.addEventListener("change", () => choose({ opacity: opacity.value === "100" ? 0 : Number(opacity.value) }));
  panel.append(opacity);
  updates.push(() => {
    const value = now("opacity");
    opacity.classList.toggle("ipysketch-mixed", value === "mixed");
    opacity.value = String(value === "mixed" || !value ? 100 : value);
  });

  const update = () => {
    panel.style.setProperty("--ink", color());
    for (const each of updates) each();
    const mixed = ["color", "width", "size", "dash", "fill", "opacity"].some(
      (name) => now(/** @type {keyof Style} */ (name)) === "mixed",
    );
    panel.classList.toggle("ipysketch-mixed", mixed);
    mixture.hidden = !mixed;
  };
  const mixture = create("div", "label mixture", {}, say("mixed"));
  panel.prepend(mixture);
  for (const kind of ["style", "selection"]) {
    editor.addEventListener(kind, () => (panel.isConnected ? update() : stop.abort()), { signal: stop.signal });
  }
  update();
  return panel;
}
