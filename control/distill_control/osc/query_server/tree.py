"""The vocabulary as an OSCQuery tree.

Source: OSCQueryProposal, https://github.com/Vidvox/OSCQueryProposal (attributes FULL_PATH,
CONTENTS, TYPE, ACCESS, VALUE, RANGE, DESCRIPTION, UNIT, CLIPMODE; HOST_INFO).
"""

from collections.abc import Mapping

from distill_control.arguments import known_choices
from distill_control.session import Session
from distill_control.settings.addresses import is_everywhere, resolve
from distill_engine.errors import ControlError
from distill_engine.system.names import normalised, printable
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import Argument, Row

Node = dict[str, object]

ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE")
_TYPES = {"float": "f", "integer": "i", "toggle": "i", "text": "s", "name": "s", "choice": "s", "any": "f"}
_ACCESS = {"read": 1, "write": 2, "both": 3}


def tree(session: Session) -> Node:
    """Return the whole tree with current values."""
    root: Node = {"FULL_PATH": "/", "ACCESS": 0, "DESCRIPTION": "Distill", "CONTENTS": {}}
    for address in [*session.addresses(), *_without_value()]:
        node = root
        path = ""
        for name in address.strip("/").split("/"):
            path += "/" + name
            contents = node.setdefault("CONTENTS", {})
            if not isinstance(contents, dict):
                break
            node = contents.setdefault(name, {"FULL_PATH": path, "ACCESS": 0})
        node.update(describe(session, address))
    return root


def describe(session: Session, address: str) -> Node:
    """Return the attributes of one address, without CONTENTS.

    Raises:
        ControlError: if the address does not exist.
    """
    row = session.resolve(address)[0]
    node: Node = {"FULL_PATH": address, "ACCESS": _ACCESS[row.access], "DESCRIPTION": row.description}
    arguments = row.arguments[:1] if row.kind in ("parameter", "setting", "reading") else _spread(row)
    node["TYPE"] = "".join(_TYPES[argument.type] for argument in arguments) or "N"
    ranges = [_range(argument) for argument in arguments]
    if any(ranges):
        node["RANGE"] = ranges
        node["CLIPMODE"] = ["both" if argument.numeric else "none" for argument in arguments]
    if any(argument.unit for argument in arguments):
        node["UNIT"] = [argument.unit for argument in arguments]
    if row.family == "name":
        node |= _measured(session.model.analysis.get(address.removeprefix(row.prefix), {}))
    if row.access != "write":
        node["VALUE"] = [session.get(address)]
    return node


def _measured(control: Mapping[str, object]) -> Node:
    """Return UNIT and DESCRIPTION of a control, as the model's analysis has measured it."""
    if not control.get("measured"):
        return {key.upper(): control[key] for key in ("description",) if key in control}
    unit = str(control["unit"])
    ends = " to ".join(f"{control[end]:.3g}" for end in ("low", "high"))
    return {
        "UNIT": [unit],
        "DESCRIPTION": f"{control['description']}: {ends} {unit}, rank correlation {control['rho']:.2f}",
    }


def find(root: Node, path: str) -> Node:
    """Return the node at a path.

    Raises:
        ControlError: if the path does not exist.
    """
    node = root
    for name in [part for part in normalised(path).split("/") if part]:
        contents = node.get("CONTENTS")
        if not isinstance(contents, dict) or name not in contents:
            known = ", ".join(contents) if isinstance(contents, dict) else "none"
            raise ControlError(f"there is no {printable(path, 120)}; below {node['FULL_PATH']} there are: {known}")
        node = contents[name]
    return node


def host_info(name: str, bind: str, osc_port: int, websocket_port: int) -> Node:
    """Return the answer to HOST_INFO.

    With `bind` 0.0.0.0 or :: it has no address: clients use the one that reached the server.
    """
    info: Node = {
        "NAME": name,
        "OSC_PORT": osc_port,
        "OSC_TRANSPORT": "UDP",
        "WS_PORT": websocket_port,
        "EXTENSIONS": {
            "ACCESS": True,
            "VALUE": True,
            "RANGE": True,
            "DESCRIPTION": True,
            "UNIT": True,
            "CLIPMODE": True,
            "LISTEN": True,
            "IGNORE": True,
            "PATH_CHANGED": True,
            "PATH_ADDED": True,
            "PATH_REMOVED": True,
            "OSC_STREAMING": True,
        },
    }
    if not is_everywhere(bind):
        numeric = resolve(bind)[1]
        info |= {"OSC_IP": numeric, "WS_IP": numeric}
    return info


def _without_value() -> list[str]:
    return [row.address for row in vocabulary.ROWS if row.kind in ("group", "command", "query")]


def _spread(row: Row) -> tuple[Argument, ...]:
    """Return the arguments of a message; a group's repeated one as often as it has targets."""
    last = row.arguments[-1] if row.arguments else None
    if last is not None and last.repeated and row.targets:
        return row.arguments[:-1] + (last,) * len(row.targets)
    return row.arguments


def _range(argument: Argument) -> Node:
    if argument.choices:
        return {"VALS": list(known_choices(argument))}
    if argument.numeric and argument.minimum is not None and argument.maximum is not None:
        if argument.type != "float":
            return {"MIN": int(argument.minimum), "MAX": int(argument.maximum)}
        return {"MIN": argument.minimum, "MAX": argument.maximum}
    return {}
