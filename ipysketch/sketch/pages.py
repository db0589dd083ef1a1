"""The pages of a board: turning them, changing them, and following somebody."""

from __future__ import annotations

from ..client.view import PageInfo, Person
from ..errors import ArgumentError, ArgumentTypeError
from .state import State

MAX_NAME = 80


class Pages(State):
    """The pages of one board."""

    @property
    def pages(self) -> tuple[PageInfo, ...]:
        """The pages of the board, in order."""
        return self._session.call(lambda session: session.scenes.pages())

    @property
    def page(self) -> PageInfo:
        """The page that this board shows and draws on; setting it turns to another, as `turn` does."""
        key, pages = self._session.call(lambda session: (session.presence.page, session.scenes.pages()))
        return next(page for page in pages if page.key == key)

    @page.setter
    def page(self, page: PageInfo | int | str) -> None:
        self.turn(page)

    def turn(self, page: PageInfo | int | str) -> PageInfo:
        """Show another page, and draw on it from now on. The others stay where they are, unless they follow.

        Args:
            page: one of `pages`, its number from 0, or its name.

        Returns:
            The page.

        Raises:
            SketchError: there is no such page.
        """
        info = self._find_page(page)
        self._session.call(lambda session: session.pages.turn(info.key))
        return info

    def add_page(self, name: str = "") -> PageInfo:
        """Add a page at the end, and turn to it.

        Args:
            name: at most 80 characters.

        Returns:
            The new page.

        Raises:
            SketchError: the name is not allowed.
        """
        _check_name(name)
        key = self._session.call(lambda session: session.operations.add_page(name))
        return self.turn(PageInfo(key, name))

    def rename_page(self, page: PageInfo | int | str, name: str) -> None:
        """Give a page another name.

        Args:
            page: as in `turn`, but for the first page, which has no name.
            name: at most 80 characters.

        Raises:
            SketchError: there is no such page, or the name is not allowed.
        """
        key = self._find_page(page).key
        _check_name(name)
        if not key:
            raise ArgumentError("the first page has no name of its own; add a page for one that has")
        self._session.call(lambda session: session.operations.rename_page(key, name))

    def delete_page(self, page: PageInfo | int | str) -> None:
        """Delete a page with everything on it, as one operation; the first page is only cleared.

        Args:
            page: as in `turn`.

        Raises:
            SketchError: there is no such page.
        """
        key = self._find_page(page).key
        self._session.call(lambda session: session.operations.remove_page(key))

    def follow(self, who: Person | str | None) -> None:
        """Turn pages with somebody from now on, and see what they see.

        Args:
            who: one of `people`, or a name; None to follow nobody.

        Raises:
            SketchError: nobody of that name is here.
        """
        peer = "" if who is None else self._find_people(who)[0].peer
        self._session.call(lambda session: session.pages.follow(peer))

    def _find_page(self, page: PageInfo | int | str) -> PageInfo:
        pages = self.pages
        for number, each in enumerate(pages):
            if page in (number, each.name or None) or (isinstance(page, PageInfo) and page.key == each.key):
                return each
        raise ArgumentError(f"there is no page {page!r:.60}; this board has {len(pages)}, numbered from 0")


def _check_name(name: str) -> None:
    if not isinstance(name, str):
        raise ArgumentTypeError(f"a page's name must be text, not {name!r:.40}")
    if len(name) > MAX_NAME:
        raise ArgumentError(f"a page's name may have at most {MAX_NAME} characters")
