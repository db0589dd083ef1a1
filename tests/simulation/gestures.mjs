// @ts-check
// Gestures in JavaScript, over a drawing that Python has: one process, a request and an answer a line of JSON. A request is
// the entries of the page and what hands do; an answer is the actions of the operations that come of it, and what is selected.

import { createInterface } from "node:readline";

import { following } from "../../relay/web/model/connector.js";
import { Scene, order } from "../../relay/web/model/document.js";
import { decode } from "../../relay/web/model/elements.js";
import { checkActions } from "../../relay/web/model/messages.js";
import { Gestures } from "../../relay/web/editing/gestures.js";

/** @type {Map<string, import("../../relay/web/model/messages.js").Entry>} */
let entries = new Map();
/** @type {Scene<import("../../relay/web/model/elements.js").Element>} */
const scene = new Scene(decode, "", following);
let keys = 0;

const gestures = new Gestures({
  elements: () => scene.of(entries),
  entry: (key) => {
    const entry = entries.get(key);
    if (!entry) return undefined;
    const { place } = entry.fields;
    return { fields: entry.fields, place: typeof place === "number" ? place : entry.first[0], author: entry.author };
  },
  mayChange: () => true,
  newKey: () => `k${keys++}`,
  page: () => "",
  canDraw: () => true,
  grid: () => 0,
});

/** @type {Record<string, (...given: any[]) => import("../../relay/web/editing/effects.js").Effect[]>} */
const requests = {
  draw: (tool, style, places, { cancelled, ...held }) => {
    const [first, ...others] = places.map((/** @type {number[]} */ [x, y], /** @type {number} */ i) => ({
      x,
      y,
      at: 10 * i,
    }));
    const press = held.handle && gestures.chosen.length ? held : { ...held, handle: "" };
    const effects = gestures.begin(1, tool, style, first, press);
    for (const sample of others) effects.push(...gestures.move(1, sample, held));
    return [...effects, ...(cancelled ? gestures.cancel(1) : gestures.end(1))];
  },
  act: (command) => {
    if (!gestures.chosen.length) gestures.selectAll();
    return gestures.act(command);
  },
  restyle: (changes) => gestures.restyle(changes),
  type: (x, y, text, style) => gestures.typeText(x, y, text, style),
  rewrite: (key, text) => gestures.rewrite(key, text),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { given, doing } = JSON.parse(line);
  entries = new Map(given.map((/** @type {any} */ entry) => [entry.key, entry]));
  let answer;
  try {
    const [name, ...values] = doing;
    const operations = requests[name](...values).flatMap((effect) =>
      effect.type === "commit" ? [checkActions(effect.actions)] : [],
    );
    const shown = [...entries.values()].sort(order).map(({ key }) => key);
    answer = { said: { operations, chosen: gestures.chosen, shown, changes: gestures.changes().size } };
  } catch (error) {
    answer = { wrong: String(error instanceof Error ? error.stack : error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
