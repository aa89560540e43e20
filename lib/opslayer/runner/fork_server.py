"""The warm parent: one process a user and environment, with the stack imported, that forks kernels.

A kernel that imports the stack itself takes seconds; a fork of a process that has it takes milliseconds. The
server listens on a Unix socket named by a stamp of the environment and the source, so a change of either is
served by a new process. A connection is a lease:

    hold     keeps the server alive; when the last holder has gone and no kernel runs, it ends at once
    kernel   is one kernel; when its client goes, the kernel is killed; when it ends, the client is told how

A server that nobody ever held ends IDLE_SECONDS after its last kernel. A kernel ends with its server.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

IDLE_SECONDS: Final = 300.0
ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
STACK: Final = (
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "duckdb",
    "numpy",
    "pandas",
    "polars",
    "plotly.express",
    "plotly.graph_objects",
    "plotly.io._renderers",  # what shows a figure; it brings nbformat, a second on its own
    "pyarrow.parquet",
    "scipy.stats",
    "statsmodels.api",
    "statsmodels.duration.hazard_regression",
    "skops.io",  # what reads a model, and where it is looked up: three seconds in a notebook that asks one
    "mlflow",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
)
LAYER: Final = ("config", "store", "sources", "contracts", "contracts.expectations", "warehouse", "metrics",
                "intelligence", "modelops", "alerts", "actions", "figures", "runner.shipped")  # fmt: skip


def main() -> None:
    """Bind the socket named by the first argument, go to the background, import the stack, serve.

    The starting process returns as soon as clients can connect; they are answered when the imports are done.
    """
    path = Path(sys.argv[1])
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(64)
    if os.fork():
        os._exit(0)
    for name in ONE_THREAD:  # a fork carries no threads over: a BLAS that had some would wait for them
        os.environ[name] = "1"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # read when it is imported
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # a warning about frozen modules, for nobody
    os.environ["PLOTLY_RENDERER"] = "plotly_mimetype"  # figures as JSON; read when plotly is imported
    server = _Server(path, listener)
    server.warm()
    server.serve()


class _Server:
    def __init__(self, path: Path, listener: socket.socket) -> None:
        self.path = path
        self.listener = listener
        self.kernels: dict[int, socket.socket] = {}
        self.leases: dict[socket.socket, int | None] = {}  # connection -> its kernel's process id
        self.was_held = False
        self.idle_since = time.monotonic()
        self.selector = selectors.DefaultSelector()
        self.child_ended, wakeup = socket.socketpair()
        wakeup.setblocking(False)
        self.child_ended.setblocking(False)
        self.wakeup = wakeup
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._end)
        self.selector.register(listener, selectors.EVENT_READ, self._accept)
        self.selector.register(self.child_ended, selectors.EVENT_READ, self._reap)

    def warm(self) -> None:
        """Import what notebooks use; run no query, which would start threads."""
        for name in (*STACK, *(f"opslayer.{part}" for part in LAYER)):
            try:
                importlib.import_module(name)
            except Exception:  # a notebook that needs it will say so where a person reads it
                traceback.print_exc()
        gc.collect()
        gc.freeze()  # what is shared now stays shared: the collector will not touch it

    def serve(self) -> None:
        self.idle_since = time.monotonic()
        while True:
            for key, _ in self.selector.select(timeout=self._seconds_left()):
                key.data(key.fileobj)
            if not self.leases and self._seconds_left() == 0:
                self._leave()

    def _seconds_left(self) -> float | None:
        if self.leases:
            return None
        return 0 if self.was_held else max(0.0, self.idle_since + IDLE_SECONDS - time.monotonic())

    def _leave(self) -> None:
        """Remove the socket and end, unless a client is just connecting."""
        with FileLock(f"{self.path}.lock"):
            waiting = selectors.DefaultSelector()
            waiting.register(self.listener, selectors.EVENT_READ)
            if not waiting.select(timeout=0):
                self.path.unlink(missing_ok=True)
                os._exit(0)

    def _end(self, *_: object) -> None:
        for pid in self.kernels:
            _kill_group(pid)
        self.path.unlink(missing_ok=True)
        os._exit(0)

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.settimeout(5)
        try:
            request, descriptors = _receive(connection)
        except (OSError, ValueError):
            connection.close()
            return
        pid: int | None = None
        if request["kind"] == "kernel":
            pid = os.fork()
            if pid == 0:
                self._become_kernel(request, descriptors, connection)
            self.kernels[pid] = connection
        else:
            self.was_held = True
        for descriptor in descriptors:
            os.close(descriptor)
        self.leases[connection] = pid
        self.selector.register(connection, selectors.EVENT_READ, self._release)
        if pid is None:  # a kernel answers for itself, when its sockets are bound
            _send(connection, {"pid": os.getpid()})

    def _release(self, connection: socket.socket) -> None:
        """A client went, or said something, which it never does."""
        pid = self.leases.pop(connection)
        self.selector.unregister(connection)
        connection.close()
        self.idle_since = time.monotonic()
        if pid in self.kernels:
            del self.kernels[pid]
            _kill_group(pid)

    def _reap(self, child_ended: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            while child_ended.recv(4096):
                pass
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            connection = self.kernels.pop(pid, None)
            if connection:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)  # what it had started and not waited for
                _send(connection, {"exit": os.waitstatus_to_exitcode(status)})
                self._release(connection)

    def _become_kernel(
        self, request: dict[str, Any], descriptors: Sequence[int], client: socket.socket
    ) -> None:
        """In the child: let go of the server's files and signals and be an IPython kernel; never returns."""
        code = 1
        try:
            server = os.getppid()
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.selector.close()
            for file in (self.listener, self.child_ended, self.wakeup, *self.leases):
                file.close()
            os.dup2(descriptors[0], 1)
            os.dup2(descriptors[1], 2)
            os.environ.clear()
            os.environ.update(request["env"])
            time.tzset()
            os.chdir(request["cwd"])
            sys.argv = ["ipykernel_launcher", *request["arguments"]]
            code = _run_kernel(request["arguments"], server, client)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)


def _run_kernel(arguments: list[str], server: int, client: socket.socket) -> int:
    import atexit

    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    np.random.seed()  # else every kernel would draw the numbers its siblings draw
    app = IPKernelApp.instance(parent_handle=server)  # it polls: the kernel ends with its server
    app.initialize(arguments)
    _send(client, {"pid": os.getpid()})
    client.close()
    app.start()
    atexit._run_exitfuncs()
    return 0


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # before it has called setsid it has no group
        os.killpg(pid, signal.SIGKILL)


def _send(connection: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # a client that has gone needs no answer
        connection.sendall(json.dumps(message).encode() + b"\n")


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """One request, a line of JSON, with the descriptors sent along."""
    data, descriptors, _, _ = socket.recv_fds(connection, 65536, 2)
    while not data.endswith(b"\n"):
        more = connection.recv(65536)
        if not more:
            raise ValueError("the client went before it had asked")
        data += more
    return json.loads(data), descriptors


if __name__ == "__main__":
    main()
