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
        toasts.say(say("news.cleared", { page: pages.indexOf(page) + 1 }), undo());
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
        toasts.say(say("news.deleted", { page: pages.indexOf(gone[0]) + 1 }), undo());
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
