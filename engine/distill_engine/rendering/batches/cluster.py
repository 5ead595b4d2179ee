"""A batch on the workers of a Dask cluster: those at an address, or new ones on this machine."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import active_children
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_engine.errors import DistillError, RenderingError
from distill_engine.rendering.batches.pool import WAITING_TASKS, Job, Outcome, Task, in_turn
from distill_engine.rendering.batches.worker import do_order, order
from distill_engine.system.extras import need_cluster
from distill_engine.system.signals import interrupts_held

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local:"
SILENT = logging.CRITICAL + 1
CONNECT_SECONDS = 10.0  # to a scheduler
WORKER_SECONDS = 30.0  # until the first worker is there


class Cluster:
    """Workers that a scheduler at `address` knows; `local:N` starts N on this machine.

    `folder` is where the results are written, if all are in one folder: workers have to see it.
    """

    def __init__(self, address: str, folder: Path | None = None) -> None:
        self.address, self._folder = address, folder

    def run(self, job: Job[Task, Outcome], tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Do all tasks, as `Workers.run` says. The job is one of `worker.JOBS`."""
        need_cluster("--cluster")
        with ExitStack() as held:
            try:
                client = held.enter_context(_client(self.address))
                client.wait_for_workers(1, timeout=WORKER_SECONDS)
            except (OSError, ValueError, RuntimeError) as error:
                raise RenderingError(_unreachable(self.address, error)) from None
            mark = held.enter_context(_mark(self._folder))
            try:
                yield from self._done(client, job, tasks, mark)
            except DistillError:
                raise
            except Exception as error:
                raise RenderingError(
                    f"the cluster {self.address} gave up ({type(error).__name__}): does its scheduler run, does every "
                    "machine have this Distill, is memory short?"
                ) from None

    def _done(self, client: Client, job: Any, tasks: Iterable[Task], mark: Path | None) -> Iterator[tuple[Task, Any]]:
        executor = client.get_executor(pure=False)
        most = WAITING_TASKS * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
        try:
            for task, done in in_turn(tasks, lambda task: executor.submit(do_order, order(job, task, mark)), most):
                if "refused" in done:
                    raise RenderingError(f"a worker of {self.address} refuses: {done['refused']}")
                yield task, done["outcome"]
        finally:
            executor.shutdown(wait=False)


@contextmanager
def _client(address: str) -> Iterator[Client]:
    """Connect to a scheduler, or start one that only this machine can reach, with its workers."""
    from distributed import Client
    from distributed.utils import silence_logging_cmgr

    with ExitStack() as held:
        held.enter_context(silence_logging_cmgr(SILENT))  # a lost worker is replaced: nothing to say
        if address.startswith(LOCAL):
            address = held.enter_context(_local(int(address.removeprefix(LOCAL))))
        yield held.enter_context(Client(address, timeout=CONNECT_SECONDS))


@contextmanager
def _local(count: int) -> Iterator[str]:
    """Start workers that only this machine can reach; yield the address of their scheduler."""
    from distributed import LocalCluster

    others = active_children()
    with interrupts_held():  # the thread that starts the workers inherits it
        cluster = LocalCluster(
            n_workers=0,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any port: by itself it takes 8787, and warns of a second batch
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            silence_logs=SILENT,
            preload=[do_order.__module__],
        )
    with cluster:
        try:
            cluster.scale(count)
            yield cluster.scheduler_address
        except (KeyboardInterrupt, GeneratorExit):
            for nanny in cluster.workers.values():
                nanny.auto_restart = False
            for process in set(active_children()).difference(others):
                process.kill()  # loading takes seconds
            for name in ("distributed", "distributed.client"):  # both complain of what was killed, to the end
                logging.getLogger(name).handlers = [logging.NullHandler()]
            raise


@contextmanager
def _mark(folder: Path | None) -> Iterator[Path | None]:
    """Keep an empty file in a folder for as long as the batch runs."""
    if folder is None:
        yield None
        return
    with tempfile.NamedTemporaryFile(prefix=".distill-", dir=folder) as file:
        yield Path(file.name)


def _unreachable(address: str, error: BaseException) -> str:
    return (
        f"no cluster with workers at {address} ({type(error).__name__}): start `dask scheduler` there and `dask worker "
        f"{address} --nthreads 1` on every machine, or give --cluster local:N"
    )
