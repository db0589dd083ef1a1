// @ts-check
// What this browser keeps for us; nothing where it keeps nothing.

/** @param {() => Storage} place @returns {import("./surface.js").Store} */
export const storageOf = (place) => ({
  get: (name) => {
    try {
      return place().getItem(`ipysketch.${name}`) ?? "";
    } catch {
      return "";
    }
  },
  set: (name, value) => {
    try {
      place().setItem(`ipysketch.${name}`, value);
    } catch {
      // A private window: it is asked again next time.
    }
  },
});
