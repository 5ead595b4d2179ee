"""What `mkdocs` runs while it builds the site.

It draws the patches, renders three sounds and a map of the built-in starter, and refuses pages that fetch from elsewhere.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from patch_pictures import pictures

MADE = {
    "start/starter-walk.mp3": ("render", "starter", "--source", "walk", "--duration", "20", "--seed", "8"),
    "start/starter-drift.mp3": ("render", "starter", "--source", "drift", "--duration", "20", "--seed", "8"),
    "start/starter-corpus.mp3": ("render", "starter", "--source", "corpus", "--duration", "20", "--seed", "8"),
    "train/starter-map.png": ("model", "map", "starter"),
}
"""Path in the site: the `distill` command that makes the file, but for its `-o`."""

_FETCHED = re.compile(r"<(?:script|link|img|source|audio|iframe)\b[^>]*?\s(?:src|href)=[\"']?(?:https?:)?//[^\"'\s>]+")
_CANONICAL = re.compile(r'<link rel="canonical"[^>]*>')


def on_files(files: Files, config: Any) -> Files:
    """Add the pictures of the patches, the sounds and the map."""
    for name, text in pictures().items():
        files.append(File.generated(config, f"play/{name}", content=text))
    for path, content in _made().items():
        files.append(File.generated(config, path, content=content))
    return files


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Refuse a page that would make a browser fetch something from another computer."""
    if found := _FETCHED.search(_CANONICAL.sub("", output)):
        raise PluginError(f"{page.file.src_path} fetches from elsewhere: {found.group()[:200]}")
    return output


@cache
def _made() -> dict[str, bytes]:
    """Run the commands of `MADE`; the result is kept while `mkdocs serve` runs."""
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for path, words in MADE.items():
            output = Path(folder, Path(path).name)
            command = [sys.executable, "-m", "distill_control.cli.main", *words, "-o", str(output)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise PluginError(f"{path} cannot be made: {done.stderr.strip()}")
            made[path] = output.read_bytes()
    return made
