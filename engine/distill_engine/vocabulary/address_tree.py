"""The vocabulary's addresses as a tree, to say what exists where an address does not."""

from collections.abc import Iterable

from distill_engine.system.names import printable
from distill_engine.vocabulary.rows import Row

_ROOT = "/distill"


class AddressTree:
    """The words below each part of an address: `/distill/source` has `rate`, `range` ..."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._children: dict[str, dict[str, None]] = {_ROOT: {}}
        self._counts: dict[str, int] = {}
        for row in rows:
            if row.family == "index":
                self._counts[row.prefix] = row.count
            path = _ROOT
            for word in row.address.removeprefix(f"{_ROOT}/").split("/"):
                self._children.setdefault(path, {})[word.replace("{", "<").replace("}", ">")] = None
                path += f"/{word}"

    def explain(self, address: str) -> str:
        """Return a message that an address does not exist, with the words or indices that do."""
        problem = f"there is no address {printable(address, 80)}"
        if not address.startswith(f"{_ROOT}/"):
            whole = f"{_ROOT}/{address.lstrip('/')}"
            known = whole.split("/")[2] in self._children[_ROOT]
            return f"{problem}; " + (f"write {printable(whole, 80)}" if known else f"all addresses begin with {_ROOT}/")
        parent = address.rpartition("/")[0]
        if f"{parent}/" in self._counts:
            return f"{problem}; {parent}/ takes 0 to {self._counts[f'{parent}/'] - 1}"
        while parent not in self._children:
            parent = parent.rpartition("/")[0]
        return f"{problem}; below {parent}/ there are: {', '.join(self._children[parent])}"
