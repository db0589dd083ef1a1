// Links to a view: what is written is read, and nothing else is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { linkOf, placeOf } from "../../relay/web/surface/links.js";

/** @param {number[]} box @param {number} zoom */
const view = (box, zoom) => /** @type {any} */ ({ box, zoom });

test("a link says the middle of what is seen, the zoom and the page", () => {
  assert.equal(linkOf(view([0, 0, 1280, 720], 1), ""), "#640,360,1");
  assert.equal(linkOf(view([-1920, 100.4, 160, 90], 2.504), "a,b #"), "#-1840,145,2.5,a%2Cb%20%23");
});

test("what a link says is read again", () => {
  assert.deepEqual(placeOf(linkOf(view([-100, 40, 200, 100], 3.75), "a,b #é")), {
    x: 0,
    y: 90,
    zoom: 3.75,
    page: "a,b #é",
  });
});

test("the end of another address is no place", () => {
  for (const hash of ["", "#", "#token=abc", "#1,2", "#1,2,0", "#1,2,x", "#1,2,3,%zz", "#1e9,2,3", "#1,2,3,", "1,2,3"])
    assert.equal(placeOf(hash), null, hash);
});
