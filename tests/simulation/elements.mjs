// @ts-check
// Elements in JavaScript for the fuzz: one process, a request and an answer a line of JSON. Run with the directory of the
// modules. A request is [function, arguments]; an answer is {said} or {wrong}.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const web = pathToFileURL(process.argv[2] + "/");
const load = (/** @type {string} */ module) => import(String(new URL(module, web)));
/** @type {typeof import("../../relay/web/model/elements.js")} */
const { decode } = await load("model/elements.js");
/** @type {typeof import("../../relay/web/client/peers.js")} */
const { previewFields } = await load("client/peers.js");
/** @type {typeof import("../../relay/web/editing/tools/pen.js")} */
const { Pen } = await load("editing/tools/pen.js");
/** @type {typeof import("../../relay/web/editing/style.js")} */
const { styleFields } = await load("editing/style.js");
/** @type {typeof import("../../relay/web/canvas/live_ink.js")} */
const { createWet, growWet, straightenWet, wetFields } = await load("canvas/live_ink.js");

/** @type {typeof import("../../relay/web/editing/gestures.js")} */
const { Gestures } = await load("editing/gestures.js");

/** @typedef {[x: number, y: number, radius: number]} Disc */

const pairs = (/** @type {number[]} */ points) =>
  Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]]);

/** @param {import("../../relay/web/model/elements.js").Primitive} primitive */
const plain = ({ path, fill, run, picture }) => {
  if (path) return { ...path, points: pairs(path.points) };
  return fill ? { ...fill, contours: fill.contours.map(pairs) } : (run ?? { ...picture });
};

/** What people can see and touch of an element.
 * @param {import("../../relay/web/model/elements.js").Element | null} element @param {Disc[]} discs */
function description(element, discs) {
  if (!element) return null;
  const { key, kind, author, seq, group, opacity, multiplies, bounds } = element;
  const more = {
    name: element.name ?? null,
    color: element.color ?? null,
    width: element.width ?? null,
    look: element.kind === "stroke" ? element.look : null,
    points: element.points ? pairs(element.points) : null,
    pressure: element.pressure ?? null,
    t: element.t ?? null,
  };
  return {
    key,
    kind,
    author,
    seq,
    group,
    opacity,
    multiplies,
    bounds,
    ...more,
    display: element.display.map(plain),
    hits: discs.map((disc) => element.hit(...disc)),
  };
}

/** @type {Record<string, (...given: any[]) => any>} */
const requests = {
  decode: (fields, discs) => description(decode("k", fields, "ada", 7), discs),
  live: (style, points, discs) => description(decode("k", previewFields(style, points), "ada", 7), discs),
  drawn: (tool, style, samples, straight) => {
    const context = {
      ...{ elements: () => [], entry: () => undefined, mayChange: () => true, newKey: () => "k" },
      ...{ page: () => "", canDraw: () => true, grid: () => 0 },
    };
    const gestures = new Gestures(context);
    const [first, ...others] = samples.map((/** @type {number[]} */ [x, y, at, pressure]) => ({ x, y, at, pressure }));
    gestures.begin(1, tool, style, first);
    for (const sample of others) gestures.move(1, sample, {});
    if (straight) gestures.move(1, { x: straight[0], y: straight[1], at: straight[2] }, { straight: true });
    const done = gestures.end(1).find(({ type }) => type === "commit");
    const action = done?.type === "commit" ? done.actions[0] : null;
    return action?.type === "create" ? action.fields : null;
  },
  wet: (tool, style, samples, straight, discs) => {
    const wet = createWet(tool, style);
    if (!wet) return null;
    for (const sample of samples) growWet(wet, sample);
    if (straight) straightenWet(wet, straight);
    return description(decode("k", wetFields(wet), "ada", 7), discs);
  },
  pen: (kind, style, samples, straight) => {
    const pen = new Pen(styleFields(kind, style), "");
    const keys = { straight: false, copy: false };
    const sampleOf = (/** @type {number[]} */ [x, y, at, pressure]) => ({ x, y, at, pressure });
    const [first, ...others] = samples.map(sampleOf);
    const effects = [...pen.press(first, { key: "k", more: false, copy: false, handle: "", reach: 0 })];
    for (const sample of others) effects.push(...pen.drag(sample, keys));
    if (straight) effects.push(...pen.drag(sampleOf(straight), { ...keys, straight: true }));
    /** @type {{fields: any, points: number[]} | null} */
    let live = null;
    for (const effect of effects) {
      if (effect.type !== "preview") continue;
      const { start, points, fields } = effect;
      const before = /** @type {{fields: any, points: number[]} | null} */ (start ? live : null);
      live = { fields: before ? before.fields : fields, points: [...(before?.points ?? []), ...points] };
    }
    const [commit] = pen.lift();
    return {
      live,
      fields: commit.type === "commit" && commit.actions[0].type === "create" && commit.actions[0].fields,
    };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, given] = JSON.parse(line);
  let answer;
  try {
    answer = { said: requests[name](...given) };
  } catch (error) {
    answer = { wrong: String(error instanceof Error ? error.stack : error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
