// @ts-check
// Nodes of the surface.
//
// Rules of this file: texts of people only ever go through textContent; markup is our own icons.

import { ICONS } from "./icons.js";

export const COLOR = /^#[0-9a-f]{6}$/i;

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} name the class, without our prefix @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function create(tag, name, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (name) node.className = name.replace(/(^| )/g, "$1ipysketch-");
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** @param {string} name of an icon */
export function icon(name) {
  const node = create("span", "icon", { "aria-hidden": "true" });
  node.innerHTML = ICONS[name] ?? "";
  return node;
}

/**
 * Return a button. While `aria-disabled`, it does nothing: `disabled` would take the focus away from under the keyboard.
 * @param {string} label its name, and its tooltip
 * @param {string} picture an icon's name, or "" for none
 * @param {(event: MouseEvent) => void} act
 * @param {string} [key] on the keyboard, shown in the tooltip
 */
export function button(label, picture, act, key = "") {
  const node = create("button", "button", { type: "button", "aria-label": label, "data-tip": label });
  if (key) {
    node.dataset.key = key;
    node.setAttribute("aria-keyshortcuts", key.replace("Ctrl", "Control"));
  }
  if (picture) node.append(icon(picture));
  node.addEventListener("click", (event) => {
    if (node.getAttribute("aria-disabled") !== "true") act(event);
  });
  return node;
}

/** @param {HTMLElement} node @param {boolean} enabled */
export function setEnabled(node, enabled) {
  node.setAttribute("aria-disabled", String(!enabled));
}

/** @param {HTMLElement} node @param {string} label */
export function setLabel(node, label) {
  if (node.getAttribute("aria-label") === label) return;
  node.setAttribute("aria-label", label);
  node.dataset.tip = label;
}

/** Set a text only when it changed: a screen reader reads each change of a live region. @param {Element} node
 * @param {string} words */
export function setText(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

/**
 * Make a toolbar of one Tab stop: arrows, Home and End move in it.
 * @param {HTMLElement} bar @param {string} label
 */
export function makeToolbar(bar, label) {
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", label);
  const stops = () =>
    /** @type {HTMLElement[]} */ ([...bar.querySelectorAll("button")]).filter((node) => node.offsetParent !== null);
  const stopAt = (/** @type {HTMLElement | undefined} */ chosen) => {
    for (const node of bar.querySelectorAll("button")) node.tabIndex = node === chosen ? 0 : -1;
  };
  bar.addEventListener("focusin", (event) => stopAt(/** @type {HTMLElement} */ (event.target)));
  bar.addEventListener("keydown", (event) => {
    const nodes = stops();
    const here = nodes.indexOf(/** @type {HTMLElement} */ (event.target));
    if (here < 0) return;
    const forward = getComputedStyle(bar).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const steps = { [forward]: here + 1, [back]: here - 1, Home: 0, End: nodes.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    nodes[(steps[event.key] + nodes.length) % nodes.length].focus();
  });
  return {
    /** Choose the stop anew, after buttons came, went, or were pressed. */
    refresh: () => {
      const nodes = [...bar.querySelectorAll("button")];
      if (nodes.some((node) => node === document.activeElement)) return;
      stopAt(nodes.find((node) => node.getAttribute("aria-pressed") === "true") ?? nodes[0]);
    },
  };
}
