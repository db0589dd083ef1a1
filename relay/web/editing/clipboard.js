// @ts-check
// Elements between boards, pages, browsers and other programs.
//
// Rules of this file: what comes from a clipboard is data of strangers: it is decoded as a drawing is, and nothing of it
// becomes markup. A clipboard holds HTML with our elements in it, which browsers hand on to each other, and beside it an SVG.

import { paint, whenDecoded } from "../canvas/painter.js";
import { decode } from "../model/elements.js";
import { around, inflate, union } from "../model/geometry.js";
import { copies } from "./commands.js";
import { seen } from "./connectors.js";
import { EIGHTHS } from "./effects.js";
import { shift } from "./matrix.js";
import { EDGE, svgOf } from "./svg.js";

/**
 * @typedef {import("../board/types").Board} Board
 * @typedef {import("../board/types").Element} Element
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {import("./tools/selector.js").Context} Context
 */

const MARK = /data-ipysketch="([A-Za-z0-9+/=]*)"/;
/** Elements that are taken from a clipboard. */
const MOST = 5000;
/** How far from its original a copy is put on the same page, in board units. */
const BESIDE = 16;
/** Characters of base64 of an image on a board. */
const MAX_DATA = 480_000;
const MAX_SIDE = 1600;
const MAX_TEXT = 10_000;
/** Words of the surface. */
export const TOO_LARGE = "picture.large";
export const NO_PICTURE = "picture.none";
/** Pixels of a copied picture for each board unit, and at most on a side. */
const [SHARP, MAX_PNG] = [2, 4096];

/** What was copied here last, for browsers that let nobody read a clipboard. @type {Fields[]} */
let copied = [];

/** What a clipboard gets for elements. @param {readonly Element[]} elements @param {(key: string) => {fields: Fields} | undefined} entry */
export function packed(elements, entry) {
  copied = elements.flatMap((element) => {
    const fields = entry(element.key)?.fields;
    return fields ? [{ ...seen(element, fields), key: element.key }] : [];
  });
  const json = JSON.stringify({ ipysketch: 1, elements: copied.map((fields) => ({ key: "", page: "", fields })) });
  const svg = svgOf(elements);
  const texts = copied.flatMap(({ kind, text }) => (kind === "text" ? [text] : []));
  return {
    html: `<meta charset="utf-8"><span data-ipysketch="${encode(json)}"></span>${svg}`,
    text: texts.join("\n") || svg,
    svg,
    elements,
  };
}

/** Elements as a PNG on white paper. @param {readonly Element[]} elements @returns {Promise<Blob>} */
export async function pngOf(elements) {
  const [x0, y0, x1, y1] = inflate(elements.map(({ bounds }) => bounds).reduce(union), EDGE);
  const scale = Math.min(SHARP, MAX_PNG / Math.max(x1 - x0, y1 - y0));
  const canvas = new OffscreenCanvas(Math.ceil((x1 - x0) * scale), Math.ceil((y1 - y0) * scale));
  const context = /** @type {any} */ (canvas.getContext("2d"));
  for (let round = 0; round < 2; round++) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, -x0 * scale, -y0 * scale);
    paint(context, elements, () => {});
    await whenDecoded();
  }
  return await canvas.convertToBlob();
}

/** The fields of elements in HTML of ours; null where there are none. @param {string} html @returns {Fields[] | null} */
export function unpacked(html) {
  const found = MARK.exec(html);
  if (!found) return null;
  try {
    const { elements } = JSON.parse(new TextDecoder().decode(decoded(found[1])));
    const all = elements.slice(0, MOST).map((/** @type {any} */ { fields }) => fields);
    return all.filter((/** @type {any} */ fields) => fields?.kind !== "page" && decode("", fields) !== null);
  } catch {
    return null; // Somebody else's.
  }
}

/** What was copied here last. */
export const lastCopied = () => copied;

/**
 * Return what puts elements on the page: where they were, or beside what is there already.
 * @param {Fields[]} all @param {Context} context @param {number[] | null} place in the middle of which they go
 */
export function pasted(all, context, place) {
  const boxes = all.flatMap((fields) => decode("", fields)?.bounds ?? []);
  const elements = all.flatMap((fields) => decode("", fields) ?? []);
  if (!boxes.length) return { actions: [] };
  const [x0, y0, x1, y1] = elements.map(({ bounds }) => bounds).reduce(union);
  const taken = (/** @type {number} */ by) =>
    context.elements().some(({ bounds }) => bounds.every((side, i) => Math.abs(side - elements[0].bounds[i] - by) < 1));
  let by = 0;
  while (!place && taken(by) && by < 20 * BESIDE) by += BESIDE;
  const [dx, dy] = place ? [place[0] - (x0 + x1) / 2, place[1] - (y0 + y1) / 2] : [by, by];
  return copies(all, shift(dx, dy), context);
}

/** Return the fields of a text. @param {string} text @param {Fields} style @param {number[]} place of its middle */
export function textFields(text, style, [x, y]) {
  const words = text.replace(/\r\n?/g, "\n").trimEnd().slice(0, MAX_TEXT);
  if (!words.trim()) return null;
  const fields = { ...style, text: words, at: [0, 0] };
  const bounds = decode("", fields)?.bounds ?? around([0, 0]);
  const at = [x - (bounds[2] - bounds[0]) / 2, y - (bounds[3] - bounds[1]) / 2].map((value) => Math.max(8, value));
  return { ...fields, at: at.map((value) => Math.round(value * EIGHTHS)) };
}

/**
 * Return the fields of a picture, as large as it is and not larger than half of the board; throws an error in a sentence
 * where it is too large in bytes, however small it is made.
 * @param {Blob} file @param {{width: number, height: number}} board @param {number[]} place of its middle
 */
export async function pictureFields(file, board, [x, y]) {
  const bitmap = await createImageBitmap(file);
  const shown = Math.min(1, board.width / 2 / bitmap.width, board.height / 2 / bitmap.height);
  const [wide, high] = [bitmap.width * shown, bitmap.height * shown].map((side) =>
    Math.max(1, Math.round(side * EIGHTHS)),
  );
  const { mime, data } = await small(file, bitmap);
  bitmap.close();
  const box = [Math.round(x * EIGHTHS - wide / 2), Math.round(y * EIGHTHS - high / 2), wide, high];
  return { kind: "image", mime, data, box };
}

/** @param {Blob} file @param {ImageBitmap} bitmap */
async function small(file, bitmap) {
  if (["image/png", "image/jpeg"].includes(file.type) && file.size * 1.34 < MAX_DATA) {
    return { mime: file.type, data: base64(new Uint8Array(await file.arrayBuffer())) };
  }
  for (const part of [1, 0.7, 0.5, 0.35, 0.25]) {
    const scale = part * Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(bitmap.width * scale)),
      Math.max(1, Math.round(bitmap.height * scale)),
    );
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
    if (blob.size * 1.34 < MAX_DATA) {
      return { mime: "image/jpeg", data: base64(new Uint8Array(await blob.arrayBuffer())) };
    }
  }
  throw new Error(TOO_LARGE);
}

/** @param {string} text */
const encode = (text) => base64(new TextEncoder().encode(text));

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** @param {string} text of base64 */
const decoded = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
