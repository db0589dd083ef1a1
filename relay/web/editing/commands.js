// @ts-check
// What can be done to the selected elements, as actions.
//
// Rules of this file: pure.

import { union } from "../model/geometry.js";
import { about } from "../model/transform.js";
import { rebound, seen } from "./connectors.js";
import { shift, transformed } from "./matrix.js";

/**
 * @typedef {import("../board/types").Action} Action
 * @typedef {import("../board/types").Command} Command
 * @typedef {import("../board/types").Element} Element
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {import("./tools/selector.js").Context} Context
 * @typedef {{elements: Element[], box: number[]}} Unit what is aligned as one: an element, or a group
 */

/** How far to the right of and below its original a duplicate lies, in board units. */
export const DUPLICATE = 16;
/** @type {Command[]} */
const COPIES = ["copy", "copy-svg", "copy-png"];
const NUDGES = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };

/**
 * Return the actions of a command, and the keys that are selected after it; null for a command that is no change.
 * @param {string} command @param {readonly string[]} keys @param {Context} context
 * @returns {{actions: Action[], chosen?: string[]} | null}
 */
export function commandActions(command, keys, context) {
  const all = context.elements();
  const wanted = new Set(keys);
  const elements = all.filter(({ key }) => wanted.has(key));
  const free = elements.filter(({ key }) => context.entry(key)?.fields.lock !== true);
  if (!elements.length) return null;
  switch (command) {
    case "delete":
      return free.length ? { actions: [{ type: "delete", keys: free.map(({ key }) => key) }], chosen: [] } : null;
    case "duplicate":
      return copies(
        elements.map((element) => ({ ...seen(element, context.entry(element.key)?.fields ?? {}), key: element.key })),
        shift(DUPLICATE, DUPLICATE),
        context,
      );
    case "front":
      return { actions: elements.map(({ key }) => ({ type: "patch", key, fields: { place: "front" } })) };
    case "back": {
      const lowest = Math.min(...all.map(({ key }) => context.entry(key)?.place ?? 0));
      return placed(elements, (n) => lowest - elements.length + n);
    }
    case "forward":
    case "backward":
      return stepped(command, elements, all, context);
    case "left":
    case "right":
    case "up":
    case "down": {
      const [dx, dy] = NUDGES[command];
      return moved(free, () => shift(dx, dy), context);
    }
    case "group":
      return elements.length > 1 ? patched(elements, { group: context.newKey() }) : null;
    case "ungroup":
      return patched(
        elements.filter(({ group }) => group),
        { group: "" },
      );
    case "lock":
      return patched(free, { lock: true });
    case "unlock":
      return patched(
        elements.filter((element) => !free.includes(element)),
        { lock: null },
      );
    case "flip-x":
    case "flip-y": {
      const [x0, y0, x1, y1] = free.map(({ bounds }) => bounds).reduce(union, elements[0].bounds);
      const mirror = command === "flip-x" ? [-1, 0, 0, 1] : [1, 0, 0, -1];
      return moved(free, () => about(mirror, (x0 + x1) / 2, (y0 + y1) / 2), context);
    }
  }
  if (command.startsWith("align-")) return aligned(command.slice(6), free, context);
  if (command.startsWith("distribute-")) return distributed(command.endsWith("x") ? 0 : 1, free, context);
  return null;
}

/**
 * Return what creates elements of `all` where `map` puts them; groups among them are groups of their own, and lines are bound
 * to copies of what they were bound to. Fields may have the `key` of the original.
 * @param {Fields[]} all @param {number[]} map @param {Context} context
 */
export function copies(all, map, context) {
  /** @type {Map<string, string>} */
  const groups = new Map();
  /** @type {Map<string, string>} */
  const named = new Map(all.flatMap(({ key }) => (key ? [[key, context.newKey()]] : [])));
  /** @type {Action[]} */
  const actions = all.map(({ place: _, lock: __, group, key, ...rest }) => {
    const fields = rebound(rest, named);
    if (group && !groups.has(group)) groups.set(group, context.newKey());
    return {
      type: "create",
      key: named.get(key) ?? context.newKey(),
      fields: { ...fields, ...transformed(fields, map), ...(group ? { group: groups.get(group) } : {}) },
      page: context.page(),
    };
  });
  return { actions, chosen: actions.map((action) => /** @type {{key: string}} */ (action).key) };
}

/** @param {Element[]} elements @param {Fields} fields @returns {{actions: Action[]} | null} */
const patched = (elements, fields) =>
  elements.length ? { actions: elements.map(({ key }) => ({ type: "patch", key, fields })) } : null;

/** @param {Element[]} elements @param {(n: number) => number} place @returns {{actions: Action[]}} */
const placed = (elements, place) => ({
  actions: elements.map(({ key }, n) => ({ type: "patch", key, fields: { place: place(n) } })),
});

/** Above the next element, or below the one before. @param {"forward" | "backward"} command @param {Element[]} elements
 * @param {readonly Element[]} all @param {Context} context */
function stepped(command, elements, all, context) {
  const placeAt = (/** @type {number} */ i) => (all[i] ? (context.entry(all[i].key)?.place ?? 0) : undefined);
  const up = command === "forward";
  const edge = all.indexOf(up ? elements[elements.length - 1] : elements[0]);
  const next = up ? edge + 1 : edge - 1;
  if (!all[next]) return null;
  const near = /** @type {number} */ (placeAt(next));
  const far = placeAt(up ? next + 1 : next - 1);
  if (far === undefined && up) return commandActions("front", keysOf(elements), context);
  const to = far === undefined || far === near ? near + (up ? 1 : -1) : far;
  const count = elements.length + 1;
  return placed(elements, (n) => near + ((to - near) * (up ? n + 1 : count - n - 1)) / count);
}

/** @param {Element[]} elements */
const keysOf = (elements) => elements.map(({ key }) => key);

/** @param {Element[]} elements @param {(element: Element) => number[]} map @param {Context} context
 * @returns {{actions: Action[]} | null} */
function moved(elements, map, context) {
  if (!elements.length) return null;
  return {
    actions: elements.map((element) => ({
      type: "patch",
      key: element.key,
      fields: transformed(context.entry(element.key)?.fields ?? {}, map(element)),
    })),
  };
}

/** @param {Element[]} elements @returns {Unit[]} */
function units(elements) {
  /** @type {Map<string, Element[]>} */
  const found = new Map();
  for (const element of elements) {
    const name = element.group ? `group ${element.group}` : element.key;
    found.set(name, [...(found.get(name) ?? []), element]);
  }
  return [...found.values()].map((each) => ({ elements: each, box: each.map(({ bounds }) => bounds).reduce(union) }));
}

/** @param {Unit[]} all @param {(unit: Unit) => number[]} by @param {Context} context */
function movedUnits(all, by, context) {
  const actions = all.flatMap((unit) => {
    const [dx, dy] = by(unit);
    return Math.abs(dx) + Math.abs(dy) < 1 / 16
      ? []
      : (moved(unit.elements, () => shift(dx, dy), context)?.actions ?? []);
  });
  return actions.length ? { actions } : null;
}

/** @param {string} side @param {Element[]} elements @param {Context} context */
function aligned(side, elements, context) {
  const all = units(elements);
  if (all.length < 2) return null;
  const [x0, y0, x1, y1] = all.map(({ box }) => box).reduce(union);
  /** @type {Record<string, (box: number[]) => number[]>} */
  const ways = {
    left: (box) => [x0 - box[0], 0],
    right: (box) => [x1 - box[2], 0],
    center: (box) => [(x0 + x1 - box[0] - box[2]) / 2, 0],
    top: (box) => [0, y0 - box[1]],
    bottom: (box) => [0, y1 - box[3]],
    middle: (box) => [0, (y0 + y1 - box[1] - box[3]) / 2],
  };
  return ways[side] ? movedUnits(all, ({ box }) => ways[side](box), context) : null;
}

/** The same gap between neighbours. @param {number} axis 0 for x, 1 for y @param {Element[]} elements @param {Context} context */
function distributed(axis, elements, context) {
  const all = units(elements).sort((a, b) => a.box[axis] + a.box[axis + 2] - b.box[axis] - b.box[axis + 2]);
  if (all.length < 3) return null;
  const long = all.reduce((sum, { box }) => sum + box[axis + 2] - box[axis], 0);
  const first = all[0].box[axis];
  const gap = (all[all.length - 1].box[axis + 2] - first - long) / (all.length - 1);
  let at = first;
  const begins = new Map(
    all.map((unit) => {
      const begin = at;
      at += unit.box[axis + 2] - unit.box[axis] + gap;
      return [unit, begin];
    }),
  );
  return movedUnits(
    all,
    (unit) => {
      const by = (begins.get(unit) ?? 0) - unit.box[axis];
      return axis ? [0, by] : [by, 0];
    },
    context,
  );
}

/**
 * Return what can be done with the selection now.
 * @param {readonly string[]} keys @param {Context} context @param {boolean} canPaste
 * @returns {Set<Command>}
 */
export function possible(keys, context, canPaste) {
  /** @type {Set<Command>} */
  const commands = new Set(["all", "none"]);
  const wanted = new Set(keys);
  const elements = context.elements().filter(({ key }) => wanted.has(key));
  if (elements.length) for (const name of COPIES) commands.add(name);
  if (!context.canDraw()) return commands;
  commands.add("picture");
  if (canPaste) commands.add("paste");
  if (!elements.length) return commands;
  const locked = elements.filter(({ key }) => context.entry(key)?.fields.lock === true);
  const add = (/** @type {Command[]} */ ...names) => {
    for (const name of names) commands.add(name);
  };
  add("duplicate", "front", "back", "forward", "backward");
  if (locked.length) add("unlock");
  const free = elements.length - locked.length;
  if (!free) return commands;
  add("delete", "cut", "lock", "flip-x", "flip-y", "left", "right", "up", "down");
  if (elements.length === 1 && ["text", "rectangle", "ellipse"].includes(elements[0].kind)) add("edit");
  if (elements.length > 1) add("group");
  if (elements.some(({ group }) => group)) add("ungroup");
  const apart = units(elements.filter((element) => !locked.includes(element))).length;
  if (apart > 1) add("align-left", "align-center", "align-right", "align-top", "align-middle", "align-bottom");
  if (apart > 2) add("distribute-x", "distribute-y");
  return commands;
}
