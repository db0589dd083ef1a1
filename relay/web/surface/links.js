// @ts-check
// Links to a view: `#x,y,zoom` of the page's address, with the key of the page of the board where it is not the first.
//
// Rules of this file: pure. What comes from an address is a stranger's.

/** @typedef {{x: number, y: number, zoom: number, page: string}} Place the middle of what is seen, in board units */

/** The end of an address. @param {import("../board/types").View} view @param {string} page */
export function linkOf({ box: [x, y, width, height], zoom }, page) {
  const numbers = [x + width / 2, y + height / 2].map(Math.round);
  return `#${[...numbers, Math.round(zoom * 100) / 100, ...(page ? [encodeURIComponent(page)] : [])].join(",")}`;
}

/** The place that the end of an address says; null where it says none. @param {string} hash @returns {Place | null} */
export function placeOf(hash) {
  const found = /^#(-?\d{1,6}),(-?\d{1,6}),(\d{1,3}(?:\.\d{1,4})?)(?:,([\w%.~-]{1,200}))?$/.exec(hash);
  if (!found) return null;
  const [x, y, zoom] = found.slice(1, 4).map(Number);
  try {
    return zoom > 0 ? { x, y, zoom, page: decodeURIComponent(found[4] ?? "") } : null;
  } catch {
    return null; // A broken escape.
  }
}
