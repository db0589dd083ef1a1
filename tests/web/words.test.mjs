// @ts-check
// The words of the surface: each language has all of them, with the same values in them.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { chooseLanguage, createSay, LANGUAGES } from "../../relay/web/surface/words/words.js";
import { TOOLS, SWATCHES, WIDTHS } from "../../relay/web/canvas/palette.js";

const SURFACE = new URL("../../relay/web/surface/", import.meta.url);
/** @type {Record<string, import("../../relay/web/surface/words/words.js").Words>} */
const TABLES = {};
for (const name of LANGUAGES) TABLES[name] = (await import(`../../relay/web/surface/words/${name}.js`))[name];
const { en } = TABLES;
const values = (/** @type {string} */ text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

for (const [language, words] of Object.entries(TABLES)) {
  test(`${language} has every word`, () => {
    assert.deepEqual(Object.keys(words), Object.keys(en));
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(words)) {
      if (typeof text === "string") {
        assert.ok(text.trim(), key);
        assert.equal(typeof en[key], "string", `${key} counts in English`);
        assert.deepEqual(values(text), values(String(en[key])), key);
        continue;
      }
      assert.ok(text.other, `${key} has no other form`);
      for (const form of Object.keys(text)) assert.ok(forms.includes(/** @type {any} */ (form)), `${key}: ${form}`);
      const wanted = new Set(values(/** @type {any} */ (en[key]).other));
      for (const name of values(text.other)) assert.ok(wanted.has(name), `${key}: {${name}}`);
    }
  });
}

test("every word that the surface says is in the table", () => {
  const said = new Set();
  for (const file of readdirSync(SURFACE).filter((name) => name.endsWith(".js"))) {
    const source = readFileSync(new URL(file, SURFACE), "utf8");
    for (const [, key] of source.matchAll(/\bsay\(\s*"([^"]+)"/g)) said.add(key);
    for (const [, yes, no] of source.matchAll(/\bsay\([^")]*\? "([^"]+)" : "([^"]+)"/g)) said.add(yes).add(no);
  }
  assert.ok(said.size > 60, `${said.size} words were found`);
  for (const tool of Object.keys(TOOLS)) said.add(`tool.${tool}`).add(`hint.${tool}`);
  for (const [, name] of SWATCHES) said.add(`ink.${name}`);
  for (const [, name] of WIDTHS) said.add(`width.${name}`);
  assert.deepEqual(
    [...said].filter((key) => !(key in en)),
    [],
  );
});

test("a language is chosen by the browser's, and counts as it does", () => {
  assert.equal(chooseLanguage(["de-AT", "en"]), "de");
  assert.equal(chooseLanguage(["xx", "FR"]), "fr");
  assert.equal(chooseLanguage(["xx"]), "en");
  assert.equal(createSay("de", TABLES.de)("people.in", { n: 1, room: "demo" }), "demo · 1 Person");
  assert.equal(createSay()("undo"), "Undo");
  const arabic = createSay("ar", TABLES.ar);
  assert.equal(arabic.direction, "rtl");
  assert.equal(arabic("people.in", { n: 3, room: "x" }), "x · 3 أشخاص");
  assert.equal(arabic("people.in", { n: 2, room: "x" }), "x · شخصان");
});
