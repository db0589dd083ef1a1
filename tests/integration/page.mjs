// A page without a browser: runs what it is told, with `join` of the module in the given directory and `own`, where things
// are kept between two requests. A request is a line of JSON, the body of an async function and its argument; so is the answer.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { join } = await import(new URL("ipysketch.js", pathToFileURL(process.argv[2] + "/")));
const AsyncFunction = (async () => {}).constructor;
const own = {};

/** Wait until `condition` holds, looking at it whenever something is told. */
async function until(sketch, condition) {
  if (condition()) return;
  await new Promise((resolve) => {
    const look = () => condition() && resolve();
    for (const name of ["change", "status", "people", "live"]) sketch.addEventListener(name, look);
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const [code, argument] = JSON.parse(line);
  let answer;
  try {
    const said = await new AsyncFunction("join", "until", "own", "argument", code)(join, until, own, argument);
    answer = { said: said ?? null };
  } catch (error) {
    answer = { wrong: String(error.message), code: error.code ?? "", name: error.name };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
