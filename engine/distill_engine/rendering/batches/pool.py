"""Run one job over many tasks, in this process or in several, in bounded memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, Protocol, TypeVar

from distill_engine.errors import DistillError, RenderingError
from distill_engine.system.signals import OF_A_TERMINAL, interrupts_held

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
JobTask = TypeVar("JobTask", contravariant=True)
JobOutcome = TypeVar("JobOutcome", covariant=True)

WAITING_TASKS = 2  # of each process, so that none waits for the next
WAIT_SECONDS = 1.0  # at once: Windows hears Ctrl-C between two waits only
GRACE_SECONDS = 0.5  # for tasks that are nearly done when a batch is interrupted


class Job(Protocol[JobTask, JobOutcome]):
    """What every process prepares once. It travels to the processes, as tasks do."""

    def prepare(self) -> Callable[[JobTask], JobOutcome]:
        """Load what is needed, for one thread, and return the function that does a task."""


class Workers(Protocol):
    """What does the tasks of a batch: this process, several, or a cluster."""

    def run(self, job: Job[Task, Outcome], tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Do all tasks; yield each with its outcome when it is done, in any order.

        When it is interrupted, it yields what is done within GRACE_SECONDS and ends its workers. A
        task that was under way leaves no file.

        Raises:
            DistillError: the first that a task raises; RenderingError if a worker ends for good.
        """


class Pool:
    """Processes that share the tasks of a job; with one worker this process does them itself."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1

    def run(self, job: Job[Task, Outcome], tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Do all tasks, as `Workers.run` says."""
        if self.workers == 1:
            do = job.prepare()
            for task in tasks:
                yield task, do(task)
            return
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self.workers, context, initializer=_begin, initargs=(job,))

        def submit(task: Task) -> Future[Any]:
            with interrupts_held():  # it may start a process
                return pool.submit(_do, task)

        try:
            yield from in_turn(tasks, submit, WAITING_TASKS * self.workers)
        except BrokenProcessPool:
            raise RenderingError(
                "a process of the batch has ended by itself: is memory short? use fewer --workers"
            ) from None
        except (KeyboardInterrupt, GeneratorExit):
            for process in list(pool._processes.values()):  # loading takes seconds; kill_workers came with Python 3.14
                process.kill()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def ignore_interrupts() -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the first one."""
    for name in OF_A_TERMINAL:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def in_turn(tasks: Iterable[Task], submit: Callable[[Task], Future[Any]], most: int) -> Iterator[tuple[Task, Any]]:
    """Submit tasks, `most` of them at once; yield each with its outcome when it is done.

    Interrupted, it yields what is done within GRACE_SECONDS, and raises the interruption again.
    """
    left, running = iter(tasks), dict[Future[Any], Task]()
    try:
        while True:
            for task in islice(left, most - len(running)):
                running[submit(task)] = task
            if not running:
                return
            for future in wait(running, WAIT_SECONDS, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    except KeyboardInterrupt:
        under_way = [future for future in running if not future.cancel()]
        for future in wait(under_way, timeout=GRACE_SECONDS).done:
            if future.exception() is None:
                yield running[future], future.result()
        raise


_work: Callable[[Any], Any] | DistillError | None = None  # of this process, once it is prepared


def _begin(job: Job[Any, Any]) -> None:
    """Prepare this process for a job. What cannot be prepared is raised by its first task."""
    global _work
    ignore_interrupts()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _work = job.prepare()
    except DistillError as error:
        _work = error


def _end_with_parent() -> None:
    """End this process when the one that began it is gone, killed for instance."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(task: Any) -> Any:
    if isinstance(_work, DistillError):
        raise _work
    return _work(task) if _work is not None else None
