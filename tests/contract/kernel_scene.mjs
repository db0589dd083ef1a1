// @ts-check
// A page's scene, for Python to feed: a request a line, an answer a line.

import { createInterface } from "node:readline";

import { KernelScene } from "../../relay/web/board/kernel_scene.js";

const scene = new KernelScene("v");
scene.author = "me";

/** @param {any} request */
function answer({ receive, submit }) {
  if (receive) return scene.receive(receive);
  if (submit) return scene.submit(submit);
  const elements = scene.elements.map(({ key, author, bounds }) => [key, author, bounds]);
  return { elements, page: scene.page, pending: scene.pending, complete: scene.complete };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ said: answer(JSON.parse(line)) }));
}
