// What JavaScript writes for Excalidraw, and reads of it: fields on the standard input, both as JSON on the standard output.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const web = pathToFileURL(process.argv[2] + "/");
const load = (/** @type {string} */ module) => import(String(new URL(module, web)));
/** @type {typeof import("../../relay/web/model/elements.js")} */
const { decode } = await load("model/elements.js");
/** @type {typeof import("../../relay/web/editing/excalidraw.js")} */
const { fromExcalidraw, toExcalidraw } = await load("editing/excalidraw.js");

const { all, text } = JSON.parse(readFileSync(0, "utf8"));
const elements = all.flatMap((/** @type {any} */ fields, /** @type {number} */ i) => decode(`k${i}`, fields) ?? []);
const written = toExcalidraw(elements, (key) => ({ fields: all[Number(key.slice(1))] }));
console.log(JSON.stringify({ written, read: fromExcalidraw(text) }));
