// @ts-check
// A page without a browser. A request is a line of JSON: the body of an async function, and its argument. The function also
// gets `join` of the module in the given directory, and `own`, an object that outlives the request. Its result is answered.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

/** @type {typeof import("../../relay/web/ipysketch.js")} */
const { join } = await import(String(new URL("ipysketch.js", pathToFileURL(process.argv[2] + "/"))));
const AsyncFunction = /** @type {FunctionConstructor} */ ((async () => {}).constructor);
const own = {};

/** Wait until `condition` holds; it is looked at after each event of the sketch.
 * @param {import("../../relay/web/ipysketch.js").Sketch} sketch @param {() => boolean} condition */
async function until(sketch, condition) {
  if (condition()) return;
  await new Promise((resolve) => {
    const look = () => condition() && resolve(null);
    for (const name of ["change", "status", "people", "live"]) sketch.addEventListener(name, look);
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const [code, argument] = JSON.parse(line);
  let answer;
  try {
    const said = await new AsyncFunction("join", "until", "own", "argument", code)(join, until, own, argument);
    answer = { said: said ?? null };
  } catch (thrown) {
    const error = /** @type {any} */ (thrown);
    answer = { wrong: String(error.message), code: error.code ?? "", name: error.name };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
