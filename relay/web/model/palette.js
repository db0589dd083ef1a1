// @ts-check
// The colours of people who chose none: the twin of `ipysketch/model/palette.py`.
//
// Rules of this file: pure.

/** Forty that are told apart, on white paper and on dark. */
// biome-ignore format: a table
export const PEOPLE = [
  "#d1495b", "#1f6fb2", "#2e8b57", "#8e5bb5", "#c46a1b", "#00798c", "#b0307a", "#5b6f1f",
  "#fe6ff5", "#42304a", "#02bced", "#0615b3", "#9eb919", "#cea4ad", "#680395", "#892408",
  "#0f4400", "#f99603", "#9690f1", "#543fe0", "#715367", "#13c097", "#df3eb7", "#949572",
  "#f97096", "#3480fc", "#bd5cf8", "#b07897", "#5d93b8", "#781d59", "#2f4989", "#37a711",
  "#2a5651", "#9812b1", "#bb061e", "#8d5406", "#fa5d36", "#5e4205", "#8559fc", "#86b5b4",
];

/** How many of the first ones are given without a look at the room; the others are for crowded ones. */
export const COMMON = 8;

/** Return `wanted` where nobody has it, else the first colour of the palette that nobody has, beginning after it; where all
 * are taken, `wanted`. @param {string} wanted @param {Iterable<string>} taken by others */
export function freeColor(wanted, taken) {
  const others = new Set([...taken].map((color) => color.toLowerCase()));
  const first = Math.max(0, PEOPLE.indexOf(wanted));
  const order = [wanted, ...PEOPLE.slice(first), ...PEOPLE.slice(0, first)];
  return order.find((color) => !others.has(color)) ?? wanted;
}
