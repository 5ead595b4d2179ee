"""The one writer of files: whatever goes wrong, the file holds the old contents or the new, and nothing lies beside it."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from distill_engine.system import atomic_write
from distill_engine.system.atomic_write import (
    TEMPORARY_SUFFIX,
    FolderBusyError,
    copy_file,
    folder_lock,
    give_new_name,
    remove_stale,
    replacing,
    write_advice,
    write_all,
    write_file,
    write_new_file,
    write_or_refuse,
)
from distill_engine.system.portable.files import sync_file, try_lock

OLD, NEW = b"old", b"new" * 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "kept.bin"
    path.write_bytes(OLD)
    return path


def beside(path: Path) -> list[str]:
    return sorted(set(os.listdir(path.parent)) - {path.name})


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    for data in (b"", OLD, NEW):
        write_file(tmp_path / "new.bin", data)
        assert (tmp_path / "new.bin").read_bytes() == data
    assert beside(tmp_path / "new.bin") == []


def test_readers_see_the_old_file_until_the_block_ends(path: Path) -> None:
    with replacing(path) as file:
        write_all(file, NEW)
        assert path.read_bytes() == OLD
    assert path.read_bytes() == NEW


class Trickle:
    """A file that takes seven bytes at a time, as a raw file may."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: memoryview) -> int:
        self.data += bytes(data[:7])
        return len(data[:7])


def test_short_writes_are_continued() -> None:
    file = Trickle()
    write_all(file, NEW)  # type: ignore[arg-type]
    assert file.data == NEW


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_an_error_of_the_disk_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError) as caught:
        write_file(path, NEW)
    assert caught.value.errno == code
    assert path.read_bytes() == OLD
    assert beside(path) == []


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from distill_engine.system.atomic_write import write_advice, write_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True  # a file of it that is cut off would be taken for whole
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_file(Path(sys.argv[1]), bytes(100_000))
except OSError as error:
    print(write_advice(error, Path(sys.argv[1])))
"""


def test_a_disk_that_fills_up_changes_nothing(path: Path) -> None:
    assert hasattr(resource, "RLIMIT_FSIZE")
    result = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, timeout=60)
    assert "free some space or choose another folder" in result.stdout, result.stderr
    assert path.read_bytes() == OLD
    assert beside(path) == []


KILLED = """
import itertools, sys
from pathlib import Path
from distill_engine.system.atomic_write import write_file
for n in itertools.count():
    write_file(Path(sys.argv[1]), bytes([n % 256]) * 200_000)
    if not n: print("ready", flush=True)
"""


def test_a_kill_leaves_a_whole_file_and_the_next_writer_cleans_up(path: Path) -> None:
    left = 0
    for pause in (0.0, 0.003, 0.005, 0.008, 0.013, 0.021):
        writer = subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        writer.communicate(timeout=30)
        data = path.read_bytes()
        assert len(data) == 200_000
        assert len(set(data)) == 1
        left += len(beside(path))
    assert left <= 6
    write_file(path, NEW)
    assert beside(path) == []


def test_an_interruption_leaves_no_temporary_file(path: Path) -> None:
    def interrupted() -> None:
        with replacing(path) as file:
            write_all(file, NEW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == OLD
    assert beside(path) == []


@pytest.mark.parametrize("place", ["absent/x", "file/x", "folder", "n" * 300])
def test_impossible_places_are_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError) as caught:
        write_file(tmp_path / place, NEW)
    assert ": " in write_advice(caught.value, tmp_path / place)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_long_names_leave_room_for_the_temporary_one(tmp_path: Path) -> None:
    for name in ("n" * 255, "\u97f3" * 85):
        write_file(tmp_path / name, NEW)
        assert (tmp_path / name).read_bytes() == NEW


@pytest.mark.skipif(os.name != "posix", reason="permission bits of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o664])
def test_permissions_stay(path: Path, mode: int) -> None:
    path.chmod(mode)
    with replacing(path) as file:
        hidden = path.with_name(beside(path)[0])
        assert stat.S_IMODE(hidden.stat().st_mode) == mode  # before anything of the contents is in it
        write_all(file, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="permission bits of POSIX")
def test_new_files_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "new.bin", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.bin").stat().st_mode) == 0o640


def test_the_file_is_flushed_before_the_rename_and_the_folder_after(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, rename = os.fsync, os.replace

    def flushing(descriptor: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def renaming(source: Path, target: Path) -> None:
        calls.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(os, "replace", renaming)
    write_file(path, NEW)
    assert calls == ["file", "rename", "folder"]


@pytest.mark.parametrize("works", [True, False])
def test_macos_flushes_through_the_drives_cache(path: Path, monkeypatch: pytest.MonkeyPatch, works: bool) -> None:
    calls: list[object] = []

    def control(descriptor: int, command: int) -> None:
        calls.append(command)
        if not works:
            raise OSError(errno.ENOTSUP, "not here")

    monkeypatch.setattr("fcntl.F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr("fcntl.fcntl", control)
    monkeypatch.setattr(os, "fsync", lambda descriptor: calls.append("fsync"))
    with open(path, "rb") as file:
        sync_file(file.fileno())
    assert calls == ([51] if works else [51, "fsync"])


def test_two_writers_at_once_leave_one_whole_file(path: Path) -> None:
    def work(letter: bytes) -> None:
        for _ in range(50):
            write_file(path, letter * 50_000)

    writers = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(path.read_bytes())
    for writer in writers:
        writer.join()
    assert {len(data) for data in seen} <= {len(OLD), 50_000}
    assert all(len(set(data)) == 1 for data in seen - {OLD})
    assert beside(path) == []


def test_the_temporary_file_of_a_living_writer_stays(path: Path) -> None:
    with replacing(path) as file:
        write_all(file, NEW)
        remove_stale(path.parent)
        write_file(path.with_name("other.bin"), NEW)
        assert len([name for name in beside(path) if name.endswith(TEMPORARY_SUFFIX)]) == 1
    assert path.read_bytes() == NEW


def test_a_writer_whose_file_was_taken_for_stale_makes_another(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = try_lock
    taken: list[Any] = []

    def late(descriptor: int) -> bool | None:
        if not taken:  # another writer comes between the making of the temporary file and its lock
            taken.extend(beside(path))
            remove_stale(path.parent)
        return genuine(descriptor)

    monkeypatch.setattr(atomic_write, "try_lock", late)
    write_file(path, NEW)
    assert len(taken) == 1
    assert path.read_bytes() == NEW
    assert beside(path) == []


def test_what_dead_writers_left_is_removed_and_nothing_else(path: Path) -> None:
    stale = path.with_name(f".other.0123{TEMPORARY_SUFFIX}")
    stale.write_bytes(b"half")
    others = [path.with_name(name) for name in (".hidden", f"seen{TEMPORARY_SUFFIX}")]
    for other in others:
        other.write_bytes(b"x")
    folder = path.with_name(f".folder{TEMPORARY_SUFFIX}")
    folder.mkdir()
    link = path.with_name(f".link{TEMPORARY_SUFFIX}")
    link.symlink_to(others[0])
    pipe = path.with_name(f".pipe{TEMPORARY_SUFFIX}")
    os.mkfifo(pipe)  # opening one must not wait for its other end
    write_file(path, NEW)
    assert not stale.exists()
    assert all(other.exists() for other in [*others, folder, link])


def test_without_locks_only_old_leftovers_are_removed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    young, old = (path.with_name(f".{name}{TEMPORARY_SUFFIX}") for name in ("young", "old"))
    for leftover in (young, old):
        leftover.write_bytes(b"half")
    os.utime(old, (0, time.time() - 2 * atomic_write.STALE_SECONDS))

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", unsupported)
    with folder_lock(path.parent):
        write_file(path, NEW)
    assert path.read_bytes() == NEW
    assert beside(path) == [young.name]


def test_a_folder_that_stays_locked_is_reported(tmp_path: Path) -> None:
    with (
        folder_lock(tmp_path),
        pytest.raises(FolderBusyError, match="another process") as caught,
        folder_lock(tmp_path, seconds=0.05),
    ):
        pass
    assert write_advice(caught.value, tmp_path / "x").endswith("for 0 s: wait for it or stop it")


def test_writers_take_turns_at_a_folder(path: Path) -> None:
    def count() -> None:
        for _ in range(20):
            with folder_lock(path.parent):
                write_file(path, b"%d" % (int(path.read_bytes()) + 1))

    path.write_bytes(b"0")
    writers = [threading.Thread(target=count) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_bytes() == b"60"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full: free some space or use tape"),
        (errno.EDQUOT, "the disk quota is used up: free some space or use tape"),
        (errno.EFBIG, "the file grew beyond what this disk or account allows: free some space or use tape"),
        (errno.EACCES, "there is no permission to write there: use tape"),
        (errno.EROFS, "the disk is read-only: use tape"),
        (errno.ENOENT, "the folder /music does not exist: create it first"),
        (errno.ENOTDIR, "/music is not a folder: choose another place"),
        (errno.EISDIR, "it is a folder: give a file name"),
        (errno.ENAMETOOLONG, "the name is too long: choose a shorter one"),
        (errno.EIO, f"{os.strerror(errno.EIO)}: use tape"),
    ],
)
def test_each_error_has_a_reason_and_a_way_out(code: int, words: str) -> None:
    assert write_advice(OSError(code, os.strerror(code)), Path("/music/x"), "use tape") == words


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real.bin", tmp_path / "link.bin"
    target.write_bytes(b"old")
    link.symlink_to(target.name)
    write_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    dangling = tmp_path / "dangling.bin"
    dangling.symlink_to("later.bin")
    write_file(dangling, b"made")
    assert (tmp_path / "later.bin").read_bytes() == b"made"


def test_a_pipe_or_a_device_is_refused_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null")):
        with pytest.raises(OSError, match="pipe or a device") as caught:
            write_file(path, b"x")
        assert "give a file name" in write_advice(caught.value, path)
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe.wav"]


@pytest.fixture(params=["hard links", "no hard links"])
def _links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(source))  # as exFAT does on Linux

    if request.param == "no hard links":
        monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("_links")
def test_a_file_gets_a_free_name_and_never_anothers(path: Path) -> None:
    made = path.with_name("made.bin")
    made.write_bytes(NEW)
    with pytest.raises(FileExistsError):
        give_new_name(made, path)
    assert (path.read_bytes(), made.read_bytes()) == (OLD, NEW)
    give_new_name(made, path.with_name("free.bin"))
    assert path.with_name("free.bin").read_bytes() == NEW
    assert beside(path) == ["free.bin"]


@pytest.mark.usefixtures("_links")
def test_a_file_that_cannot_be_renamed_leaves_no_empty_one(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        give_new_name(path.with_name("gone.bin"), path.with_name("free.bin"))
    with pytest.raises(FileNotFoundError):
        give_new_name(path, path.parent / "no folder" / "free.bin")
    assert beside(path) == []


@pytest.mark.usefixtures("_links")
def test_a_new_file_is_whole_and_takes_no_others_name(path: Path) -> None:
    with pytest.raises(FileExistsError):
        write_new_file(path, NEW)
    assert path.read_bytes() == OLD
    write_new_file(path.with_name("free.bin"), NEW, 0o600)
    assert path.with_name("free.bin").read_bytes() == NEW
    assert stat.S_IMODE(path.with_name("free.bin").stat().st_mode) == 0o600
    assert beside(path) == ["free.bin"]


def test_what_cannot_be_written_is_refused_in_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ValueError, match="could not be written: the disk is full: free some space") as refused:
        write_or_refuse(path, NEW, ValueError)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == OLD


def test_a_copy_is_a_new_file_and_on_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = list[int]()
    monkeypatch.setattr(atomic_write, "sync_file", lambda file: flushed.append(os.fstat(file).st_size))
    path.write_bytes(bytes(3 << 20))
    copy_file(path, path.with_name("copy"))
    assert path.with_name("copy").read_bytes() == path.read_bytes()
    assert flushed == [3 << 20]
    with pytest.raises(FileExistsError):
        copy_file(path, path.with_name("copy"))
    os.mkfifo(path.with_name("pipe"))
    with pytest.raises(OSError, match="not a file"):
        copy_file(path.with_name("pipe"), path.with_name("another"))
