"""A control process for tests: takes JSON over UDP, passes it on to the engine, answers with what the engine says.

    python control_stub.py --channel-fd N --shared fd:M --port-file PATH

`{"set": [index, value, glide]}` writes a parameter, `{"status": true}` answers with the figures, `{"events": true}` with the events so
far, `{"command": ..., "arguments": [...]}` with the engine's answer.
"""

import argparse
import itertools
import json
import os
import socket
import sys
import threading
from pathlib import Path

from distill_engine.realtime.message_channel import Channel, ChannelClosed
from distill_engine.realtime.shared_memory import ParameterWriter, SharedBlock, StatusReader
from distill_engine.realtime.status import Status


class Stub:
    def __init__(self, channel: Channel, block: SharedBlock) -> None:
        self.channel = channel
        self.writer, self.reader = ParameterWriter(block), StatusReader(block)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.events: list[dict] = []
        self.waiting: dict[int, tuple] = {}
        self.numbers = itertools.count(1)

    def serve(self) -> None:
        while True:
            data, sender = self.socket.recvfrom(65536)
            self.take(json.loads(data), sender)

    def take(self, message: dict, sender: tuple) -> None:
        if "set" in message:
            self.writer.set(*message["set"])
        elif "status" in message:
            figures = self.reader.read()
            self.reply(Status.from_figures(figures).as_dict() if figures else {}, sender)
        elif "events" in message:
            self.reply({"events": self.events, "pid": os.getpid()}, sender)
        else:
            number = next(self.numbers)
            self.waiting[number] = sender
            self.channel.send({"id": number, **message})

    def reply(self, message: dict, sender: tuple) -> None:
        self.socket.sendto(json.dumps(message).encode(), sender)

    def listen(self) -> None:
        try:
            while True:
                message = self.channel.receive(None) or {}
                if message.get("event") == "end":
                    os._exit(0)
                if "id" in message:
                    self.reply(message, self.waiting.pop(message["id"]))
                else:
                    self.events.append(message)
        except ChannelClosed:
            os._exit(1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--channel-fd", type=int)
    parser.add_argument("--shared")
    parser.add_argument("--port-file", type=Path)
    parser.add_argument("--fail")
    options = parser.parse_args()
    channel = Channel.from_descriptor(options.channel_fd)
    if options.fail:
        channel.send({"event": "failed", "reason": options.fail})
        channel.flush()
        sys.exit(1)
    stub = Stub(channel, SharedBlock.attach(options.shared))
    temporary = options.port_file.with_suffix(".new")
    temporary.write_text(str(stub.socket.getsockname()[1]))
    temporary.rename(options.port_file)
    threading.Thread(target=stub.listen, daemon=True).start()
    channel.send({"event": "ready"})
    stub.serve()


if __name__ == "__main__":
    main()
