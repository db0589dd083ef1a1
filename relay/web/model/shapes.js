// @ts-check
// Shapes: functions that return a value of their type, or throw. The table of messages is made of them.
//
// Rules of this file: pure; what is decoded has every field, with its default where it was left out, and no other;
// nothing that comes from a relay or from a caller is trusted to be of its type.

/** @typedef {{[name: string]: any}} Fields */

/** What breaks the contract. `code` is in ``docs/protocol.md`` where the relay says the same. */
export class RemoteError extends Error {
  /** @param {string} code @param {string} reason */
  constructor(code, reason) {
    super(reason);
    this.name = "RemoteError";
    this.code = code;
  }
}

/**
 * @template T
 * @typedef {(value: any) => T} Shape
 */
/**
 * A field that may be left out.
 * @template T
 * @typedef {{shape: Shape<T>, otherwise: T}} Optional
 */
/**
 * What a table of shapes describes.
 * @template F
 * @typedef {{[N in keyof F]: F[N] extends Shape<infer T> ? T : F[N] extends Optional<infer T> ? T : never}} Struct
 */
/**
 * @template K
 * @typedef {{[T in keyof K]: {type: T} & Struct<K[T]>}[keyof K]} Union
 */

/** @param {string} wanted @returns {never} */
function fail(wanted) {
  throw new RemoteError("bad-message", `${wanted} was expected`);
}

/** @type {Shape<any>} */
export const any = (value) => value;
/** @type {Shape<string>} */
export const text = (value) => (typeof value === "string" ? value : fail("text"));
/** @type {Shape<boolean>} */
export const flag = (value) => (typeof value === "boolean" ? value : fail("true or false"));
/** @type {Shape<number>} */
export const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : fail("a number"));
/** @type {Shape<number>} */
export const whole = (value) => (Number.isInteger(value) ? value : fail("a whole number"));
/** @type {Shape<Fields>} */
export const object = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : fail("an object");
/** @template T @param {Shape<T>} shape @returns {Shape<T | null>} */
export const nothingOr = (shape) => (value) => (value === null ? null : shape(value));

/** @template T @param {Shape<T>} shape @returns {Shape<T[]>} */
export const list = (shape) => (value) => (Array.isArray(value) ? value.map((item) => shape(item)) : fail("a list"));
/** @type {Shape<number[]>} */
export const wholes = (value) =>
  Array.isArray(value) && value.every(Number.isInteger) ? value : fail("whole numbers");
/** @type {Shape<[number, number]>} */
export const pair = (value) => (wholes(value).length === 2 ? value : fail("two whole numbers"));
/** @type {Shape<{[name: string]: number}>} */
export const numbered = (value) =>
  Object.values(object(value)).every(Number.isInteger) ? value : fail("whole numbers");

/** @template T @param {Shape<T>} shape @param {T} otherwise @returns {Optional<T>} */
export const or = (shape, otherwise) => ({ shape, otherwise });

/** @template {Fields} F @param {F} fields @param {string} [type] @returns {Shape<Struct<F>>} */
export function struct(fields, type = "") {
  const known = Object.entries(fields).map(([name, given]) =>
    typeof given === "function" ? { name, shape: given, needed: true } : { name, needed: false, ...given },
  );
  return (value) => {
    object(value);
    /** @type {any} */
    const result = type ? { type } : {};
    for (const { name, shape, needed, otherwise } of known) {
      if (Object.hasOwn(value, name)) result[name] = shape(value[name]);
      else if (needed) fail(`a field ${name}`);
      else result[name] = otherwise;
    }
    return result;
  };
}

/** @template {{[type: string]: Fields}} K @param {K} kinds @returns {Shape<Union<K>>} */
export function union(kinds) {
  /** @type {Map<string, Shape<any>>} */
  const shapes = new Map(Object.entries(kinds).map(([type, fields]) => [type, struct(fields, type)]));
  return (value) => (shapes.get(object(value).type) ?? fail("a known type"))(value);
}

/**
 * An entry with all its versions: those that are the seq that made it may be left out.
 * @template {{fields: Fields, first: [number, number], versions: {[name: string]: number}}} E
 * @param {Shape<E>} shape
 * @returns {Shape<E>}
 */
export const allVersions = (shape) => (value) => {
  const entry = shape(value);
  const first = Object.fromEntries(Object.keys(entry.fields).map((name) => [name, entry.first[0]]));
  return { ...entry, versions: { ...first, ...entry.versions } };
};
