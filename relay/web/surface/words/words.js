// @ts-check
// All words of the surface: one table a language, with the same keys (a test compares them).
//
// A text has {values}; one that counts `n` is a table by the language's plural forms.

import { en } from "./en.js";

/** @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Words */

/** English is always there; the others are in files of their own, "de.js" and so on, which are loaded when they are wanted. */
export const LANGUAGES = ["en", "de", "fr", "es", "ja", "ar"];
const RIGHT_TO_LEFT = ["ar"];

/**
 * @typedef {((key: string, values?: Record<string, string | number>) => string)
 *   & {has: (key: string) => boolean, language: string, direction: "ltr" | "rtl"}} Say
 */

/** Return the first language of the browser's that there are words of. @param {readonly string[]} [wanted] */
export function chooseLanguage(wanted = navigator.languages ?? []) {
  return wanted.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

/** Return what says a text in a language, of which these are the words. @param {string} [language] @param {Words} [words]
 * @returns {Say} */
export function createSay(language = "en", words = en) {
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
