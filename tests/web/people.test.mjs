// @ts-check
// What stands for a person in their avatar.

import assert from "node:assert/strict";
import { test } from "node:test";

import { initials } from "../../relay/web/surface/people.js";

test("an avatar has the first letters of a name, and of a guest the number", () => {
  for (const [name, expected] of [
    ["Ada", "A"],
    ["ada lovelace", "AL"],
    ["Lab 2024", "L2"],
    ["Ada King Lovelace", "AL"],
    ["Ada (2)", "A2"],
    ["Ada (12)", "A12"],
    ["(Ada)", "A"],
    ["🦊 fox", "🦊F"],
    ["🦊", "🦊"],
    ["", "?"],
  ])
    assert.equal(initials(name), expected, name);
});
