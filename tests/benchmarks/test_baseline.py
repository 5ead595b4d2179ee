"""An old commit is checked out beside the tree, or its absence is reported."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.baseline import environment, worktree
from harness.repository import commit, git

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two commits of one file."""
    root = tmp_path / "repository"
    root.mkdir()
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "nothing"]):
        subprocess.run(["git", *AUTHOR, *command], cwd=root, check=True)
    for text in ("old", "new"):
        (root / "file").write_text(text)
        subprocess.run(["git", "add", "file"], cwd=root, check=True)
        subprocess.run(["git", *AUTHOR, "commit", "-q", "-m", text], cwd=root, check=True)
    return root


def test_an_old_commit_is_checked_out_and_removed(repository: Path) -> None:
    old = git("rev-parse", "--short=7", "HEAD~1", root=repository)
    assert old is not None
    with worktree(old, repository) as tree:
        assert tree is not None
        assert (tree / "file").read_text() == "old"
        assert environment(tree)["PYTHONPATH"].startswith(str(tree / "engine"))
    assert not tree.exists()
    assert (repository / "file").read_text() == "new"
    assert (git("worktree", "list", root=repository) or "").count("\n") == 0


def test_an_absent_commit_is_reported(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with worktree("0123456", repository) as tree:
        assert tree is None
    assert "does not hold commit 0123456" in capsys.readouterr().err


def test_a_commit_is_marked_where_the_code_was_edited(repository: Path, tmp_path: Path) -> None:
    clean = commit(repository)
    assert len(clean) == 7
    (repository / "file").write_text("edited")
    assert commit(repository) == f"{clean}-dirty"
    assert commit(tmp_path) == "unknown"
