// @ts-check
// Keys, and the secret that this browser keeps.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** @type {Map<string, string>} */
const stored = new Map();
const storage = {
  getItem: (/** @type {string} */ name) => stored.get(name) ?? null,
  setItem: (/** @type {string} */ name, /** @type {string} */ value) => stored.set(name, value),
};

/** The module as after a reload of the page. */
let loads = 0;
/** @returns {Promise<typeof import("../../relay/web/client/identity.js")>} */
const load = () => import(`../../relay/web/client/identity.js?${loads++}`);

/** @param {object | (() => never)} value of `localStorage`, or its error */
function provide(value) {
  const get = typeof value === "function" ? value : () => value;
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get: /** @type {() => any} */ (get) });
}

beforeEach(() => stored.clear());

test("the secret is kept for the next load of the page, and the colour with it", async () => {
  provide(storage);
  const { personalColor, personalSecret } = await load();
  assert.match(personalSecret(), /^[0-9a-f]{64}$/);
  assert.equal(personalSecret(), personalSecret());
  assert.deepEqual([...stored.values()], [personalSecret()]);
  const later = await load();
  assert.deepEqual([later.personalSecret(), later.personalColor()], [personalSecret(), personalColor()]);
});

test("without a storage the secret lasts as long as the page", async () => {
  provide(() => {
    throw new Error("not allowed here, for the test");
  });
  const { personalSecret } = await load();
  assert.equal(personalSecret().length, 64);
  assert.equal(personalSecret(), personalSecret());
  assert.notEqual((await load()).personalSecret(), personalSecret());
});

test("a stored secret that is too short is replaced", async () => {
  provide(storage);
  stored.set("ipysketch.secret", "short");
  const { personalSecret } = await load();
  assert.equal(personalSecret().length, 64);
  assert.equal(stored.get("ipysketch.secret"), personalSecret());
});

test("keys differ", async () => {
  const { newKey } = await load();
  assert.match(newKey(), /^[0-9a-f]{16}$/);
  assert.notEqual(newKey(), newKey());
});
