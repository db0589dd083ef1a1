// @ts-check
// Lines and arrows that are bound to other elements, while hands draw them and move what they are bound to.
//
// Rules of this file: pure.

import { deltas } from "../client/peers.js";
import { PARTS, isAnchor } from "../model/anchor.js";
import { followed } from "../model/connector.js";
import { decode } from "../model/elements.js";
import { scaleOf, unmapped } from "../model/transform.js";
import { eighths } from "./effects.js";

/**
 * @typedef {import("../board/types").Action} Action
 * @typedef {import("../board/types").Element} Element
 * @typedef {import("./effects.js").Change} Change
 * @typedef {import("./effects.js").Fields} Fields
 * @typedef {import("./tools/selector.js").Context} Context
 */

/** How far beside an element, in board units, a line may end and be bound to it. */
const NEAR = 6;
/** So near the middle, in thousandths, a line is bound to the middle. */
const MIDDLE = 200;

/** The anchor of a line that ends at a place: in the smallest element that is there; null where there is none.
 * @param {readonly Element[]} elements @param {number} x @param {number} y @returns {[string, number, number] | null} */
export function anchorAt(elements, x, y) {
  let least = Infinity;
  /** @type {[string, number, number] | null} */
  let found = null;
  for (const { key, outline } of elements) {
    if (!outline) continue;
    const { box, affine } = outline;
    const [x0, y0, x1, y1] = box;
    const [px, py] = affine ? unmapped(affine, x, y) : [x, y];
    const scale = affine ? scaleOf(affine) : 1;
    const near = NEAR / scale;
    const size = (x1 - x0) * (y1 - y0) * scale * scale;
    if (px < x0 - near || px > x1 + near || py < y0 - near || py > y1 + near || size > least) continue;
    least = size;
    const [ax, ay] = [part(px - x0, x1 - x0), part(py - y0, y1 - y0)];
    const middle = Math.max(Math.abs(ax - PARTS / 2), Math.abs(ay - PARTS / 2)) < MIDDLE;
    found = middle ? [key, PARTS / 2, PARTS / 2] : [key, ax, ay];
  }
  return found;
}

/** @param {number} way @param {number} side */
const part = (way, side) => (side ? Math.max(0, Math.min(PARTS, Math.round((way / side) * PARTS))) : PARTS / 2);

/** The fields of a line that was drawn, bound where it begins and ends in an element; not to one alone.
 * @param {Fields} fields @param {[string, number, number] | null} from @param {[string, number, number] | null} to
 * @param {readonly Element[]} elements */
export function connected(fields, from, to, elements) {
  if ((!from && !to) || from?.[0] === to?.[0]) return fields;
  const bound = { ...fields, ...(from ? { from } : {}), ...(to ? { to } : {}) };
  return followed(bound, (key) => elements.find((element) => element.key === key));
}

/** The fields of an element as it is seen: a bound line ends where it has followed to. @param {Element} element
 * @param {Fields} fields */
export function seen({ bound, points }, fields) {
  if (!bound || !points) return fields;
  const { offset: _, transform: __, ...rest } = fields;
  return { ...rest, points: deltas(points.map(eighths)) };
}

/** The fields of what is taken hold of: a line lets go of what is not taken with it. @param {Element} element
 * @param {Fields} fields @param {ReadonlySet<string>} taken */
export function loosened(element, fields, taken) {
  if (!element.bound) return fields;
  const gone = (/** @type {any} */ end) => Array.isArray(end) && !taken.has(end[0]);
  const loose = { ...(gone(fields.from) ? { from: null } : {}), ...(gone(fields.to) ? { to: null } : {}) };
  return { ...seen(element, fields), offset: null, transform: null, ...loose };
}

/** The fields of a copy: a line is bound to the copies of what it was bound to. @param {Fields} fields
 * @param {ReadonlyMap<string, string>} keys of copies, by that of the originals */
export function rebound({ from, to, ...fields }, keys) {
  const end = (/** @type {string} */ name, /** @type {any} */ anchor) =>
    isAnchor(anchor) && keys.has(anchor[0]) ? { [name]: [keys.get(anchor[0]), anchor[1], anchor[2]] } : {};
  return { ...fields, ...end("from", from), ...end("to", to) };
}

/** What else is shown in another way: lines that are bound to what is. @param {ReadonlyMap<string, Change>} changes
 * @param {readonly Element[]} elements @param {(key: string) => {fields: Fields} | undefined} entry
 * @returns {[string, Change][]} */
export function carried(changes, elements, entry) {
  const lines = elements.filter(({ key, bound }) => bound && [key, ...bound].some((one) => changes.get(one)?.fields));
  const of = shownAs(elements, (key) => changes.get(key)?.fields);
  return lines.flatMap(({ key }) => {
    const fields = changes.get(key)?.fields ?? entry(key)?.fields;
    return fields ? [[key, { ...changes.get(key), fields: followed(fields, of) }]] : [];
  });
}

/** The element of a key, with other fields where there are some. @param {readonly Element[]} elements
 * @param {(key: string) => Fields | undefined} now */
function shownAs(elements, now) {
  return (/** @type {string} */ key) => {
    const fields = now(key);
    return fields ? decode(key, fields) : elements.find((element) => element.key === key);
  };
}

/** Return `actions` with what keeps the points of lines right that are bound to what they change: for those who do not know
 * that lines follow, and for the time when there is nothing to follow. @param {Action[]} actions @param {Context} context */
export function withConnectors(actions, context) {
  /** @type {Map<string, Fields>} */
  const patched = new Map();
  /** @type {Set<string>} */
  const gone = new Set();
  for (const action of actions) {
    if (action.type === "patch") patched.set(action.key, { ...patched.get(action.key), ...action.fields });
    else if (action.type === "delete") for (const key of action.keys) gone.add(key);
  }
  if (!patched.size && !gone.size) return actions;
  const elements = context.elements();
  const of = shownAs(elements, (key) => {
    const fields = patched.has(key) ? context.entry(key)?.fields : undefined;
    return fields && { ...fields, ...patched.get(key) };
  });
  const lines = elements.filter(
    (element) =>
      element.bound?.some((key) => patched.has(key) || gone.has(key)) &&
      !gone.has(element.key) &&
      context.mayChange(element),
  );
  const more = lines.flatMap(({ key }) => {
    const fields = { ...context.entry(key)?.fields, ...patched.get(key) };
    const { points } = followed(fields, of);
    /** @type {Fields} */
    const patch = {};
    if (points.join() !== fields.points.join()) patch.points = points;
    if (fields.offset) patch.offset = null;
    if (fields.transform) patch.transform = null;
    for (const end of ["from", "to"]) if (gone.has(fields[end]?.[0])) patch[end] = null;
    return Object.keys(patch).length ? [{ type: /** @type {const} */ ("patch"), key, fields: patch }] : [];
  });
  return more.length ? [...actions, ...more] : actions;
}
