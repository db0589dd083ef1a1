"""Files of a database that somebody removes, replaces or changes while a store has it open."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.records import StoreError
from relay.store import place
from relay.store.place import Place

from ...support.stores import Holding, sqlite_store
from .test_store import batch, filled

DATABASE, JOURNAL = "relay.sqlite", "relay.sqlite-wal"
REMOVALS = [[DATABASE], [JOURNAL], [DATABASE, JOURNAL]]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Holding]:
    """A store with the entries 1 to 3 of the room "a"; it tries again at once what failed."""
    monkeypatch.setattr(place, "INTERVAL", 0.0)
    opened = sqlite_store(tmp_path / DATABASE)
    filled(opened, 3)
    yield opened
    opened.close()


def entries(path: Path) -> int:
    """How many entries a relay that starts with this file finds in the room "a", all of them sound."""
    with contextlib.closing(sqlite_store(path)) as again:
        again.check()
        return len(again.load("a", "new").rows)


def remove(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).unlink()


@pytest.mark.parametrize("names", REMOVALS)
def test_what_is_removed_is_put_back_with_all_that_was_in_it(
    store: Holding, tmp_path: Path, names: list[str]
) -> None:
    remove(tmp_path, names)
    store.append([batch("a", 4, last=4)])
    remove(tmp_path, names)
    store.check_files()  # As the relay does each second, also when nobody draws.
    assert (tmp_path / DATABASE).exists()
    store.append([batch("a", 5, last=5)])
    remove(tmp_path, names)
    store.close()
    assert entries(tmp_path / DATABASE) == 5
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE]


@pytest.mark.parametrize("names", REMOVALS)
def test_without_the_check_what_was_acknowledged_is_gone(
    store: Holding, tmp_path: Path, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    monkeypatch.setattr(Place, "check", lambda *_: None)
    store.append([batch("a", 4, last=4)])
    remove(tmp_path, names)
    store.append([batch("a", 5, last=5)])
    # Killed here, as a process that is not given the time to close.
    shutil.copytree(tmp_path, tmp_path / "after")
    left = tmp_path / "after" / DATABASE
    assert not left.exists() or entries(left) < 5


def test_what_cannot_be_put_back_is_said_until_it_can(
    store: Holding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Place, "_write_copy", staticmethod(fail))
        remove(tmp_path, [DATABASE])
        for work in (store.probe, store.check_files, lambda: store.append([batch("a", 4, last=4)])):
            with pytest.raises(StoreError, match=r"was removed .* \(Read-only file system\)"):
                work()
        assert len(store.load("a", "").rows) == 3
    store.append([batch("a", 4, last=4)])
    store.close()
    assert entries(tmp_path / DATABASE) == 4


@pytest.mark.parametrize("name", [DATABASE, JOURNAL])
def test_beside_another_file_nothing_is_written_and_nothing_is_lost(
    store: Holding, tmp_path: Path, name: str
) -> None:
    """As when an operator copies an older database to its place: the relay must not touch that."""
    ours, other = tmp_path / name, tmp_path / "other"
    with contextlib.closing(sqlite_store(tmp_path / "older.sqlite")) as older:
        filled(older, 1)
        shutil.copy(tmp_path / f"older{ours.name.removeprefix('relay')}", other)
    aside = ours.rename(tmp_path / "aside")
    other.rename(ours)
    before = ours.read_bytes()
    for work in (store.probe, store.check_files, lambda: store.load("b", "new")):
        with pytest.raises(StoreError, match=r"was replaced .* is in .*relay\.sqlite\.rescued$"):
            work()
    with pytest.raises(StoreError, match="was replaced"):
        store.append([batch("a", 4, last=4)])
    assert len(store.load("a", "").rows) == 3
    assert ours.read_bytes() == before
    assert entries(tmp_path / "relay.sqlite.rescued") == 3
    # The file that it was is put back: the store goes on.
    ours.rename(other)
    aside.rename(ours)
    store.append([batch("a", 4, last=4)])
    # And is replaced again, when the relay ends.
    ours.rename(aside)
    other.rename(ours)
    store.close()
    assert ours.read_bytes() == before


@pytest.mark.parametrize("name", [DATABASE, JOURNAL])
def test_what_another_program_changed_is_not_written(store: Holding, tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("r+b") as file:
        file.truncate(100)
    for work in (store.probe, store.check_files):
        with pytest.raises(StoreError, match="was changed by another program"):
            work()


def test_what_the_store_does_itself_is_no_change(store: Holding, tmp_path: Path) -> None:
    for seq in range(4, 40):
        store.append([batch("a", seq, last=seq)])
        store.check_files()
    store.backup(tmp_path / "copy.sqlite", lambda: "new")
    store.check_files()
    for work in (store.probe, store.check, store.vacuum):
        work()
        store.check_files()
    store.delete("a")
    store.vacuum()
    store.check_files()
