// @ts-check
// What vanished at once is said: a page that was cleared or deleted, by whomever. Whoever did it may take it back there.

/** Fewer elements than these may go one by one. */
const MANY = 2;

/** @param {import("./surface.js").Surface} surface */
export function watchNews({ board, say, toasts, signal }) {
  let page = board.page;
  let pages = board.pages.map(({ key }) => key);
  let count = board.elements.length;
  let mine = false;
  /** Of the last that was told. */
  let known = board.cleared?.seq ?? 0;
  /** The name of somebody else who did it to the page; "" when it is not known. @param {string} key */
  const by = (key) => {
    const { page: where, author, seq } = board.cleared ?? { page: "", author: "", seq: 0 };
    if (where !== key || seq <= known) return "";
    known = seq;
    return author === board.author ? "" : (board.people.find((person) => person.author === author)?.name ?? "");
  };
  const undo = () => (mine ? { label: say("undo"), act: () => board.undo() } : undefined);
  board.addEventListener(
    "elements",
    () => {
      const now = board.elements.length;
      if (
        page === board.page &&
        pages.includes(page) &&
        count >= MANY &&
        !now &&
        board.status.connection === "connected"
      ) {
        const name = by(page);
        toasts.say(say(name ? "news.cleared.by" : "news.cleared", { name, page: pages.indexOf(page) + 1 }), undo());
      }
      [page, count, mine] = [board.page, now, false];
    },
    { signal },
  );
  board.addEventListener(
    "pages",
    () => {
      const now = board.pages.map(({ key }) => key);
      const gone = pages.filter((key) => !now.includes(key));
      if (gone.length === 1 && pages.length > 1) {
        const name = by(gone[0]);
        toasts.say(say(name ? "news.deleted.by" : "news.deleted", { name, page: pages.indexOf(gone[0]) + 1 }), undo());
      }
      [pages, page, count, mine] = [now, board.page, board.elements.length, false];
    },
    { signal },
  );
  return {
    /** Do what clears or deletes, as this person's own. @param {() => void} act */
    own: (act) => {
      mine = true;
      act();
    },
  };
}
