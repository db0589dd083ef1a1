// @ts-check
// The lights of laser pointers, on a canvas that records what is painted.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pass, reset } from "./clock.mjs";
import { asNode, board, frames } from "./dom.mjs";
import { WetLayer } from "../../relay/web/canvas/wet_layer.js";

/** A layer, and whether it shines. */
function create() {
  reset();
  const { overlay } = board();
  const layer = new WetLayer(asNode(overlay), "v", {
    across: 1280,
    zoom: 1,
    box: [0, 0, 1280, 720],
    paper: null,
  });
  const [canvas] = overlay.children;
  const shines = async () => {
    canvas.context.calls = [];
    await frames();
    return canvas.style.visibility !== "hidden" && canvas.context.of("stroke").length > 0;
  };
  return { layer, shines };
}

test("the light of a laser that is held still shines until it is lifted", async () => {
  const { layer, shines } = create();
  layer.shine(1, "#d62728", [100, 100]);
  layer.shine(1, "#d62728", [300, 100]);
  layer.paint();
  await pass(5000);
  assert.ok(await shines());
  layer.dry(["v/1"], true);
  assert.ok(await shines(), "it fades");
  await pass(1000);
  assert.ok(!(await shines()));
});

test("others' light shines as long as they hold it", async () => {
  const { layer, shines } = create();
  layer.showTrails([["p/k", "#d62728", 1, 0.5, 0.5]]);
  await pass(5000);
  assert.ok(await shines());
  layer.showTrails([["other/k", "#d62728", 1, 0.1, 0.1]]);
  layer.showTrails([]);
  await pass(1000);
  assert.ok(!(await shines()));
});
