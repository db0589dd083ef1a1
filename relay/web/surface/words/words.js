// @ts-check
// All words of the surface: one table a language, with the same keys (a test compares them).
//
// A text has {values}; one that counts `n` is a table by the language's plural forms.

import { ar } from "./ar.js";
import { de } from "./de.js";
import { en } from "./en.js";
import { es } from "./es.js";
import { fr } from "./fr.js";
import { ja } from "./ja.js";

/** @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Words */

/** @type {Record<string, Words>} */
export const LANGUAGES = { en, de, fr, es, ja, ar };
const RIGHT_TO_LEFT = ["ar"];

/**
 * @typedef {((key: string, values?: Record<string, string | number>) => string)
 *   & {has: (key: string) => boolean, language: string, direction: "ltr" | "rtl"}} Say
 */

/** Return what says a text in a language: the one that is asked for, else the first of the browser's that there is.
 * @param {string} [wanted] @returns {Say} */
export function chooseWords(wanted) {
  const asked = wanted ? [wanted] : (navigator.languages ?? []);
  const language = asked.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag in LANGUAGES) ?? "en";
  const words = LANGUAGES[language];
  const plural = new Intl.PluralRules(language);
  const say = (/** @type {string} */ key, /** @type {Record<string, string | number>} */ values = {}) => {
    const text = words[key] ?? en[key] ?? key;
    const form = typeof text === "string" ? text : (text[plural.select(Number(values.n))] ?? text.other ?? key);
    return form.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  };
  return Object.assign(say, {
    has: (/** @type {string} */ key) => key in en,
    language,
    direction: /** @type {"ltr" | "rtl"} */ (RIGHT_TO_LEFT.includes(language) ? "rtl" : "ltr"),
  });
}
