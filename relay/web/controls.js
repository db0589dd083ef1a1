// @ts-check
// What tool bars and lists are made of.

/** @param {string} tag @param {string} className @param {Record<string, string>} [attributes] @returns {any} */
export function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * A button at the end of `parent`. One that is `aria-disabled` does nothing: `disabled` would throw the focus away from
 * under the keyboard.
 * @param {HTMLElement} parent
 * @param {string} label says what it is
 * @param {string} title
 * @param {() => void} act
 * @param {string} [icon] from the palette, never a text of people
 */
export function button(parent, label, title, act, icon = "") {
  const made = element("button", "tool", { type: "button", "aria-label": label, title });
  made.innerHTML = icon;
  made.addEventListener("click", () => {
    if (made.getAttribute("aria-disabled") !== "true") act();
  });
  parent.append(made);
  return made;
}

/** @param {HTMLElement} made @param {boolean} yes */
export const able = (made, yes) => made.setAttribute("aria-disabled", String(!yes));
