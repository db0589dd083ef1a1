// @ts-check
// The board for people who do not see it: what is on the page as a list, and what others do, said politely.

import { SWATCHES } from "../canvas/palette.js";
import { COLOR, create, setText } from "./nodes.js";

/** @typedef {import("../board/types").Element} Element */

const LISTED = 200;
/** Milliseconds between two looks: a lesson of forty people is not read out stroke by stroke. */
const PACE = 1000;

/** Return the name of the nearest swatch. @param {string} color */
export function colorName(color) {
  if (!COLOR.test(color)) return "";
  const parts = (/** @type {string} */ hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const [r, g, b] = parts(color);
  const far = (/** @type {string} */ hex) => {
    const [x, y, z] = parts(hex);
    return (x - r) ** 2 + (y - g) ** 2 + (z - b) ** 2;
  };
  return SWATCHES.reduce((best, each) => (far(each[0]) < far(best[0]) ? each : best))[1];
}

/** @param {import("./surface.js").Surface} surface */
export function createReader({ board, say, signal }) {
  const node = create("div", "unseen");
  const list = create("ul", "", { "aria-label": say("list") });
  const spoken = create("div", "", { role: "status", "aria-live": "polite" });
  node.append(list, spoken);

  const nameOf = (/** @type {string} */ author) => {
    if (author === board.author) return say("you");
    return board.people.find((person) => person.author && person.author === author)?.name ?? "";
  };
  const kindOf = (/** @type {Element} */ { kind }) => (say.has(`kind.${kind}`) ? say(`kind.${kind}`) : kind);
  const describe = (/** @type {any} */ element) => {
    const color = colorName(element.color ?? board.entry(element.key)?.fields.color ?? "");
    const name = nameOf(element.author);
    const words = element.text ? `${kindOf(element)} “${String(element.text).slice(0, 80)}”` : kindOf(element);
    return [words, color && say(`ink.${color}`), name && say("by", { name })].filter(Boolean).join(", ");
  };

  /** @type {Set<string> | null} */
  let known = null;
  let page = board.page;
  /** @type {any} */
  let timer = 0;
  /** What was listed last, and the names in it. @type {[readonly Element[], string]} */
  let listed = [[], ""];
  const look = () => {
    timer = 0;
    const { elements } = board;
    // People come to be told of with each move of a cursor, and change nothing here then.
    const names = JSON.stringify([board.status.connection, board.people.map(({ author, name }) => [author, name])]);
    if (listed[0] === elements && listed[1] === names && page === board.page) return;
    listed = [elements, names];
    const fresh = known && page === board.page ? elements.filter(({ key }) => !known?.has(key)) : [];
    known = board.status.connection === "connecting" ? null : new Set(elements.map(({ key }) => key));
    page = board.page;
    const shown = elements
      .slice(-LISTED)
      .reverse()
      .map((element) => create("li", "", {}, describe(element)));
    if (elements.length > LISTED) shown.push(create("li", "", {}, say("list.more", { n: elements.length - LISTED })));
    if (!elements.length) shown.push(create("li", "", {}, say("list.empty")));
    list.replaceChildren(...shown);
    announce(fresh.filter(({ author }) => author !== board.author));
  };
  const announce = (/** @type {Element[]} */ fresh) => {
    /** @type {Map<string, Element[]>} */
    const drawn = new Map();
    for (const element of fresh) {
      const name = nameOf(element.author ?? "") || say("somebody");
      drawn.set(name, [...(drawn.get(name) ?? []), element]);
    }
    const said = [...drawn].map(([name, all]) =>
      all.length === 1 ? say("drew", { name, what: kindOf(all[0]) }) : say("drew.many", { name, n: all.length }),
    );
    if (said.length) setText(spoken, said.join(" "));
  };
  const later = () => {
    timer ||= setTimeout(look, PACE);
  };
  for (const kind of ["elements", "pages", "people"]) board.addEventListener(kind, later, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  look();
  const speak = (/** @type {string} */ words) => setText(spoken, words);
  return { node, speak };
}
