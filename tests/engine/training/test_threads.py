"""Training takes one thread where all are slower, and leaves the number as it was."""

import pytest
import torch

from distill_engine.training import device


@pytest.mark.parametrize(("seconds", "threads"), [({1: 2.0, 3: 1.0}, 3), ({1: 1.0, 3: 2.0}, 1)])
def test_the_faster_number_of_threads_trains(
    seconds: dict[int, float], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "_work_seconds", lambda limit: seconds[torch.get_num_threads()])
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with device.faster_threads():
            assert torch.get_num_threads() == threads
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
