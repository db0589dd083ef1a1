// @ts-check
// The web page of a room: a board for people without a notebook.
//
// Rules of this file: texts of people only ever go through textContent; nothing is loaded from another host.

import { BOARD } from "../canvas/live_ink.js";
import { RelayBoard } from "../board/relay_board.js";
import { Layer } from "../canvas/painter.js";
import { paperPixels } from "../canvas/raster.js";
import { personalColor } from "../client/identity.js";
import { Sketch } from "../client/sketch.js";
import { Editor } from "../editing/editor.js";
import { COMMON, freeColor, PEOPLE } from "../model/palette.js";
import { linkOf, placeOf } from "../surface/links.js";
import { storageOf } from "../surface/store.js";
import { createSurface } from "../surface/surface.js";
import { chooseLanguage, createSay } from "../surface/words/words.js";
import { explainSilence } from "./reach.js";

const COLOR = /^#[0-9a-f]{6}$/i;
/** Refusals that another token, or another name, may answer. */
const TOKEN_CODES = ["token", "token-expired", "token-revoked"];
const NAME_CODES = ["bad-name", "bad-color"];
/** Milliseconds after the last step of a zoom. */
const SHARPEN_AFTER = 120;

/** @param {string} selector */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));

const storage = storageOf(() => localStorage);
/** What lasts as long as this tab, also when it is loaded anew. */
const tab = storageOf(() => sessionStorage);

// --- the room and the person ---------------------------------------------------------------------------------------------

const room = decodeURIComponent(location.pathname.split("/").at(-1) ?? "") || "main";
const watching = new URLSearchParams(location.search).has("view");
const TOKEN = `token ${location.pathname}`;
let token = (new URLSearchParams(location.hash.slice(1)).get("token") ?? "").trim();
// A token must not be in the history, nor on a screenshot: a tab that is loaded anew has it from its own storage.
if (token) {
  tab.set(TOKEN, token);
  history.replaceState(null, "", location.pathname + location.search);
}
token ||= tab.get(TOKEN);
/** What the relay of a Hub says of this page: its ticket, and who has logged in. @param {string} what */
const introduced = (what) => find(`meta[name=ipysketch-${what}]`)?.content ?? "";
const ticket = introduced("ticket");
const person = introduced("person");
find("meta[name=ipysketch-ticket]")?.remove();
document.title = `${room} · shared drawing`;
const board = find(".ipysketch-board");
board.classList.toggle("watching", watching);

/** Ask for the fields `what`; null when the dialog was closed without an answer. @param {string} question @param {string} why @param {string} act
 * @param {string[]} what */
async function ask(question, why, act, what) {
  const dialog = find("dialog.ask");
  if (dialog.open) return null;
  find("#question").textContent = question;
  find(".why").textContent = why;
  find(".ask button").textContent = act;
  const fields = dialog.querySelector("form").elements;
  for (const [name, label] of Object.entries({ name: "name.name", color: "name.colour" })) {
    fields[name].closest("label").querySelector("span").textContent = say(label);
  }
  for (const name of ["name", "color", "token"]) fields[name].closest("label").hidden = !what.includes(name);
  // Not from the storage: a browser may have none, and a screen has another name than the person.
  fields.name.value = name;
  fields.color.value = color || PEOPLE[Math.floor(Math.random() * COMMON)];
  fields.color.oninput = () => {
    chosen = true; // Also the one that was offered.
  };
  fields.token.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  const answer = { name: fields.name.value.trim(), color: fields.color.value, token: fields.token.value.trim() };
  return dialog.returnValue === "" ? null : answer;
}

/** Ask for the name and colour that others see. @param {string} why @param {string} act */
async function introduce(why, act) {
  const answer = await ask(`Room ${room}`, why, act, person ? ["color"] : ["name", "color"]);
  if (!answer) return;
  name = person || answer.name || "guest";
  color = answer.color;
  if (watching) return; // It is the screen's name, not the person's.
  if (!person) storage.set("name", name);
  storage.set("color", color);
}

/** Load the words of the reader's language; where they cannot be had, English does. */
async function loadWords() {
  const language = chooseLanguage();
  if (language === "en") return createSay();
  const words = new URL(`../surface/words/${language}.js`, import.meta.url).href;
  return import(words).then(
    (module) => createSay(language, module[language]),
    () => createSay(),
  );
}

const say = await loadWords();
let name = person || (watching ? "screen" : storage.get("name"));
/** Whether somebody wanted that colour. */
let chosen = false;
let color = COLOR.test(storage.get("color")) ? storage.get("color") : "";
if (!name) await introduce(say("name.ask"), say("name.join"));
name ||= "guest";
color ||= person ? personalColor() : "#1f77b4";
const sketch = new Sketch(null, { room, name, color, token: ticket || token });

if (watching) sketch.presence({ tool: "projector" });

// --- the board ----------------------------------------------------------------------------------------------------------

const overlay = find(".ipysketch-overlay");
const paper = new Layer(find(".ipysketch-paper"), BOARD.width);
const relay = new RelayBoard(sketch, { watching });
const editor = new Editor({
  board: relay,
  el: overlay,
  style: { color },
  paper: () => ({ show: (elements) => paper.show(/** @type {any} */ (elements)) }),
});
editor.addEventListener("gesture", () => relay.notice(""));
editor.addEventListener("view", () => {
  clearTimeout(sharpening);
  sharpening = setTimeout(fit, SHARPEN_AFTER);
});
/** @type {any} */
let sharpening = 0;

function fit() {
  const across = overlay.clientWidth;
  const wide = paperPixels({ across, zoom: editor.viewport.zoom });
  if (across) paper.resize(wide, Math.round((wide * BOARD.height) / BOARD.width));
}
new ResizeObserver(fit).observe(overlay);
addEventListener("resize", fit);
fit();

createSurface({
  root: board,
  board: relay,
  editor,
  host: {
    kind: "page",
    say,
    watching,
    store: storage,
    share: () => location.origin + location.pathname,
    link: () => location.origin + location.pathname + linkOf(editor.viewport, relay.page),
    // By way of the Hub, which may ask who this is.
    rejoin: () => (ticket ? location.reload() : enter(sketch.rejoin(token))),
    rename: async () => {
      await introduce(say("name.ask"), say("name.change"));
      relay.rename(name, color);
    },
  },
});
document.documentElement.lang = say.language;

// Operations without a verdict would be lost with the page.
addEventListener("beforeunload", (event) => {
  if (sketch.pending) event.preventDefault();
  editor.finish();
});
addEventListener("pagehide", () => {
  editor.finish(); // What is under the hand is drawn as far as it is.
  sketch.leave();
});
// The board takes what is dropped on it. Beside it a file would be opened in place of the room.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => event.preventDefault());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// --- joining ----------------------------------------------------------------------------------------------------------------

/** Wait until this page has joined; ask for a token or a name when the relay refuses for want of one.
 * @param {Promise<void>} trying */
async function enter(trying) {
  for (;;) {
    try {
      return await trying;
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      if (TOKEN_CODES.includes(code) && !ticket) {
        const answer = await ask("This room asks for a token", message, "Join", ["token"]);
        if (!answer?.token) return;
        token = answer.token;
        tab.set(TOKEN, token);
      } else if (NAME_CODES.includes(code) && !watching) {
        const before = name + color;
        await introduce(message, say("name.join"));
        if (before === name + color) return;
        sketch.presence({ name, color });
      } else return;
      trying = sketch.rejoin(token);
    }
  }
}

await enter(sketch.settled);
const look = () => {
  const place = placeOf(location.hash);
  if (!place) return;
  if (relay.pages.some(({ key }) => key === place.page)) relay.turn(place.page);
  editor.viewport.centre(place.x, place.y, place.zoom);
};
look();
addEventListener("hashchange", look);
// A Hub's relay adds the course: the address is to be the same room for everybody.
if (ticket && sketch.room !== room) {
  history.replaceState(null, "", encodeURIComponent(sketch.room) + location.search);
  document.title = `${sketch.room} · shared drawing`;
}
await explainSilence(sketch, (words) => relay.notice(words));
// Nobody chose it: then it is one that nobody else has.
const free = chosen
  ? color
  : freeColor(
      color,
      sketch.people.filter(({ me }) => !me).map((person) => person.color),
    );
if (free !== color) {
  if (editor.style.color === color) editor.choose({ color: free });
  color = free;
  if (!watching) storage.set("color", color);
  relay.rename(name, color);
}
