// @ts-check
// Who is here: avatars, and the list behind them with search, pages, following and what a moderator may do.

import { COLOR, button, create, icon, makeToolbar, setLabel } from "./nodes.js";

/** @typedef {import("../board/types").Person} Person */

const SEARCHED = 8;

/** Return up to two letters of a name, or the letter and the number of a guest. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = (/** @type {string} */ word) =>
    (/^\d{1,2}(?=\)$)|[\p{L}\p{N}]/u.exec(word.replace(/^\(/, ""))?.[0] ?? [...word][0]).toLocaleUpperCase();
  return words.length ? first(words[0]) + (words.length > 1 ? first(words[words.length - 1]) : "") : "?";
}

/** Whether words on that colour are black, so that they can be read. @param {string} color #rrggbb */
export function isLight(color) {
  const [r, g, b] = [1, 3, 5].map((i) => (parseInt(color.slice(i, i + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
}

/** @param {Person} person */
function avatar(person) {
  const node = create("span", "avatar", { "aria-hidden": "true" }, initials(person.name));
  if (COLOR.test(person.color)) {
    node.style.setProperty("--ink", person.color);
    node.classList.toggle("ipysketch-on-light", isLight(person.color));
  }
  return node;
}

/** @param {import("./surface.js").Surface} surface */
export function createPeople(surface) {
  const { board, host, say, popups, toasts, signal } = surface;
  const bar = create("div", "island people");
  const stops = makeToolbar(bar, say("people"));
  const dot = create("span", "dot", { "aria-hidden": "true" });
  const stack = button("", "", () => open());
  stack.classList.add("ipysketch-stack");
  stack.setAttribute("aria-haspopup", "dialog");
  bar.append(dot, stack);
  if (host.share) {
    const share = create("button", "primary share", { type: "button", "data-tip": say("share.tip") }, say("share"));
    share.addEventListener("click", () => surface.share(share));
    bar.append(share);
  }
  const full = button(say("full"), "full", () => surface.fullScreen(), "F");
  full.classList.add("ipysketch-full");
  full.hidden = !document.fullscreenEnabled;
  bar.append(full);

  /** Whom to list: a projector is nobody. */
  const everybody = () => (host.watching ? board.people.filter(({ me }) => !me) : board.people);

  /** The list while it is open. @type {{panel: HTMLElement, rows: HTMLElement, search: HTMLInputElement, screens: HTMLElement} | null} */
  let list = null;
  const open = () => {
    const panel = create("div", "panel list", { role: "dialog", "aria-label": say("people") });
    const search = create("input", "field", {
      type: "search",
      placeholder: say("people.search"),
      "aria-label": say("people.search"),
    });
    const rows = create("ul", "rows", { "aria-label": say("people.here") });
    search.addEventListener("input", () => fill());
    const screens = create("div", "screens");
    panel.append(create("div", "label head", {}, ""), screens, search, rows, create("div", "commands"));
    list = { panel, rows, search, screens };
    fill();
    if (!popups.toggle(stack, panel, () => (list = null))) return;
    const first = search.hidden ? panel.querySelector("button") : search;
    if (stack.matches(":focus-visible")) /** @type {HTMLElement | null} */ (first)?.focus();
  };

  const fill = () => {
    if (!list) return;
    const { panel, rows, search, screens } = list;
    const wanted = search.value.trim().toLocaleLowerCase();
    search.hidden = everybody().length < SEARCHED;
    /** @type {HTMLElement} */ (panel.firstElementChild).textContent = said();
    const focused = /** @type {HTMLElement | null} */ (
      rows.contains(document.activeElement) ? document.activeElement : null
    );
    const key = focused?.dataset.id;
    const shown = everybody().filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
    rows.replaceChildren(...shown.map(row));
    if (key) /** @type {HTMLElement | null} */ (rows.querySelector(`[data-id="${key}"]`))?.focus();
    screens.textContent = projected();
    const commands = /** @type {HTMLElement} */ (panel.lastElementChild);
    const focusedCommand = commands.contains(document.activeElement);
    commands.replaceChildren(...moderation());
    if (focusedCommand) commands.querySelector("button")?.focus();
  };

  const row = (/** @type {Person} */ person) => {
    const { peer, name, me, page } = person;
    const item = create("li", "row-of-one");
    const words = create("span", "words", {}, me ? say("people.me", { name }) : name);
    const about = [];
    const number = board.pages.findIndex(({ key }) => key === page);
    if (board.pages.length > 1 && number >= 0) about.push(say("page.n", { n: number + 1 }));
    if (board.locked && board.pens?.includes(peer)) about.push(say("people.pen"));
    if (person.drawing) about.push(say("people.drawing"));
    if (person.verified) {
      // Not a character of the name: that could be one of a chosen name.
      const mark = create("span", "verified", {
        role: "img",
        "aria-label": say("people.verified"),
        "data-tip": say("people.verified"),
      });
      words.append(mark);
    } else if (board.people.some(({ verified }) => verified)) {
      about.push(say("people.unverified"));
    }
    item.append(avatar(person), words, create("span", "about", {}, about.join(" · ")));
    if (me && board.rename) {
      const rename = button(say("people.rename"), "rename", () => surface.rename());
      rename.dataset.id = "me";
      item.append(rename);
    }
    if (me || !peer) return item;
    const followed = board.following === peer;
    const follow = button(say(followed ? "follow.stop" : "follow", { name }), "follow", () =>
      board.follow(followed ? "" : peer),
    );
    follow.setAttribute("aria-pressed", String(followed));
    follow.dataset.id = `follow ${peer}`;
    item.append(follow);
    if (board.can.moderate && board.locked && board.lock && person.role === "editor") {
      const pens = board.pens ?? [];
      const lent = pens.includes(peer);
      const lend = button(say(lent ? "pen.take" : "pen.lend", { name }), "pen", () =>
        board.lock?.(true, lent ? pens.filter((other) => other !== peer) : [...pens, peer]),
      );
      lend.setAttribute("aria-pressed", String(lent));
      lend.dataset.id = `lend ${peer}`;
      item.append(lend);
    }
    if (board.can.moderate && board.remove) {
      const remove = button(say("people.remove", { name }), "close", async () => {
        if (await surface.ask(say("people.remove.sure", { name }), say("remove"))) board.remove?.(peer);
      });
      remove.dataset.id = `remove ${peer}`;
      item.append(remove);
    }
    return item;
  };

  const moderation = () => {
    /** @type {HTMLElement[]} */
    const nodes = [];
    const add = (/** @type {string} */ label, /** @type {boolean | undefined} */ on, /** @type {() => void} */ act) => {
      const node = create("button", "item", { type: "button", role: "switch", "aria-checked": String(Boolean(on)) });
      node.append(icon(""), create("span", "words", {}, label));
      node.addEventListener("click", act);
      nodes.push(node);
    };
    if (board.can.moderate && board.lock) add(say("lock"), board.locked, () => board.lock?.(!board.locked));
    if (board.can.moderate && board.lead) add(say("lead"), board.leading, () => board.lead?.(!board.leading));
    return nodes;
  };

  /** Who leads a class from a desk cannot see what is on the wall: how many screens there are, and what they show. */
  const projected = () => {
    const screens = board.projectors ?? [];
    if (!screens.length) return "";
    const shown = [...new Set(screens)].map((page) => board.pages.findIndex(({ key }) => key === page)).sort();
    const numbers = board.pages.length > 1 ? shown.filter((number) => number >= 0) : [];
    const pages = numbers.map((number) => say("page.n", { n: number + 1 }));
    return [say("people.projectors", { n: screens.length }), ...pages].join(" · ");
  };

  const said = () => say("people.in", { n: Math.max(1, everybody().length), room: board.room });

  let shown = "";
  const show = () => {
    const { following, status } = board;
    const people = everybody();
    // Cursors move often, and are shown elsewhere.
    const now = JSON.stringify([
      people.map((each) => ({ ...each, cursor: 0 })),
      following,
      status.connection,
      board.pages,
      board.can,
      board.locked,
      board.pens,
      board.leading,
      board.projectors,
      surface.size,
    ]);
    if (now === shown) return;
    shown = now;
    const most = surface.size === "large" ? 3 : surface.size === "small" ? 2 : 1;
    const followed = people.find(({ peer }) => peer && peer === following);
    const first = [...new Set([...people.slice(0, 1), ...(followed ? [followed] : []), ...people])];
    const seen = first.slice(0, people.length === most + 1 ? most + 1 : most);
    const nodes = seen.map((person) => {
      const node = avatar(person);
      node.classList.toggle("ipysketch-followed", Boolean(followed) && person === followed);
      return node;
    });
    if (people.length > seen.length) {
      nodes.push(create("span", "avatar rest", { "aria-hidden": "true" }, `+${people.length - seen.length}`));
    }
    stack.replaceChildren(...nodes);
    setLabel(stack, said());
    stack.hidden = !people.length;
    const state = status.connection === "connected" || status.connection === "solo" ? status.connection : "away";
    dot.dataset.state = state;
    stops.refresh();
    fill();
    showFollowing(followed);
  };

  const showFollowing = (/** @type {Person | undefined} */ followed) => {
    const { layer } = surface;
    // To go along is what a screen is for: a class need not be told.
    if (host.watching) return;
    layer.classList.toggle("ipysketch-follows", Boolean(followed));
    if (followed && COLOR.test(followed.color)) layer.style.setProperty("--followed", followed.color);
    toasts.keep("follow", followed ? say("following", { name: followed.name }) : "", {
      label: say("stop"),
      act: () => board.follow(""),
    });
  };

  for (const kind of ["people", "status", "pages", "can"]) board.addEventListener(kind, show, { signal });
  surface.onSize(show);
  show();
  return bar;
}
