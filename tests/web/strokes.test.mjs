// @ts-check
// The fields of strokes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { strokes } from "../../relay/web/client/strokes.js";

test("a long stroke goes on as a second element", () => {
  const points = Array.from({ length: 4001 }, (_, i) => [i / 8, 0]);
  const pressure = points.map((_, i) => (i % 2 ? 2 : -1));
  const times = points.map((_, i) => i / 1000);
  const parts = strokes(points, { color: "#000000", width: 0.01, pressure, times });
  assert.deepEqual(
    parts.map(({ points, pressure, times }) => [points.length, pressure.length, times.length]),
    [
      [8000, 4000, 4000],
      [4, 2, 2],
    ],
  );
  assert.deepEqual(parts[1].points, [3999, 0, 1, 0]);
  assert.deepEqual(parts[1].pressure, [255, 0]);
  assert.deepEqual([parts[0].times[0], parts[0].times[1], parts[1].times], [0, 1, [0, 1]]);
  assert.equal(parts[0].width, 1);
  assert.equal(strokes([1, 2], {}).length, 1);
  for (const wrong of [[], [1], [1, NaN], [[1, 2], [3]]]) assert.throws(() => strokes(wrong, {}), TypeError);
});
