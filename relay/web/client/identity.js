// @ts-check
// Random keys, and the secret by which a relay knows this browser again.

import { COMMON, PEOPLE } from "../model/palette.js";

const SECRET_ITEM = "ipysketch.secret";

let cachedSecret = "";

/**
 * Return the secret that makes strokes this person's after the page was loaded anew. It is stored in this browser, and
 * sent to the relay alone.
 */
export function personalSecret() {
  if (cachedSecret) return cachedSecret;
  try {
    cachedSecret = localStorage.getItem(SECRET_ITEM) ?? "";
  } catch {
    // There is no storage, or this page may not use it: the secret lasts as long as the page.
  }
  if (cachedSecret.length >= 32) return cachedSecret;
  cachedSecret = randomHex(32);
  try {
    localStorage.setItem(SECRET_ITEM, cachedSecret);
  } catch {
    // As above.
  }
  return cachedSecret;
}

/** Return the colour of somebody who chose none: the same one each time. */
export function personalColor() {
  return PEOPLE[parseInt(personalSecret().slice(0, 2), 16) % COMMON];
}

/** Return a new element's key. */
export function newKey() {
  return randomHex(8);
}

/** @param {number} count of random bytes */
function randomHex(count) {
  const bytes = crypto.getRandomValues(new Uint8Array(count));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
