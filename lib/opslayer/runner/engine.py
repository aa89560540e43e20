"""The Papermill engine "opslayer": kernels forked warm, and every way a run can end told apart.

Papermill's own engine reports a killed kernel's cells as completed and takes `sys.exit(0)` for success; this
one marks the cell that failed, leaves the later ones pending, and raises.
"""

from __future__ import annotations

import contextlib
import math
import time
from pathlib import Path
from queue import Empty
from typing import IO, Any, Final, cast

import nbformat
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellExecutionError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.log import logger
from traitlets import Type

from opslayer.runner.watch import Watch

KERNEL: Final = "opslayer"


class QuickClient(AsyncKernelClient):
    """Ready when the kernel has answered on both channels.

    jupyter_client then waits for 0.2 s of silence, which nbclient does not need: it tells messages apart by
    the request they answer.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or math.inf)
        while time.monotonic() < deadline:
            self.kernel_info()
            with contextlib.suppress(Empty):
                reply = await self.shell_channel.get_msg(timeout=1)
                if reply["msg_type"] == "kernel_info_reply":
                    await self.iopub_channel.get_msg(timeout=0.2)
                    self._handle_kernel_info_reply(reply)
                    return
            if not await self.is_alive():
                raise DeadKernelError("Kernel died before it was ready")
        raise DeadKernelError(f"Kernel was not ready in {timeout} seconds")


class QuickManager(AsyncKernelManager):
    client_factory = Type(default_value=QuickClient, klass=AsyncKernelClient)


class ForkedClient(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the cells in order and stops at the first that does not complete, saying which."""

    kernel_exit_code: int | None = None

    watch: Watch | None = None

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        if self.watch and msg["msg_type"] == "stream" and not self.watch.hear(len(msg["content"]["text"])):
            return None
        return super().process_message(msg, cell, cell_index)

    def papermill_execute_cells(self) -> None:
        for index, cell in enumerate(self.nb.cells):
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except BaseException as error:
                self.nb_man.cell_exception(self.nb.cells[index], cell_index=index, exception=error)
                self.shutdown_kernel = "immediate"
                self.kernel_exit_code = self.km.provisioner.process.poll()
                # Papermill raises this one itself, with the traceback at the top of the notebook
                if isinstance(error, CellExecutionError) and error.ename != "SystemExit":
                    break
                raise
            finally:
                self.nb_man.cell_complete(self.nb.cells[index], cell_index=index)


class ForkedEngine(NBClientEngine):  # type: ignore[misc]
    """`papermill --engine opslayer`; run_notebook passes a `watch`."""

    @classmethod
    def nb_kernel_name(cls, nb: object, name: object = None) -> str:  # noqa: ARG003
        return KERNEL

    @classmethod
    def nb_language(cls, nb: object, language: object = None) -> str:  # noqa: ARG003
        return "python"

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,  # noqa: ARG003
        log_output: bool = False,
        stdout_file: IO[str] | None = None,
        stderr_file: IO[str] | None = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        watch: Watch | None = None,
        working_folder: Path | None = None,
        environment: dict[str, str] | None = None,
        **_: Any,
    ) -> nbformat.NotebookNode:
        client = ForkedClient(
            nb_man,
            kernel_name=KERNEL,
            kernel_manager_class=QuickManager,
            timeout=execution_timeout,
            timeout_func=(lambda _cell: watch.seconds_left()) if watch else None,
            startup_timeout=start_timeout,
            coalesce_streams=True,
            log=logger,
            log_output=log_output,
            stdout_file=stdout_file,
            stderr_file=stderr_file,
            resources={"metadata": {"path": str(working_folder) if working_folder else None}},
        )
        options: dict[str, Any] = {"env": environment} if environment else {}
        if watch:
            watch.notebook, watch.client, client.watch = nb_man.nb, client, watch
            options |= {"stdout": watch.log, "stderr": watch.log}
        try:
            return cast("nbformat.NotebookNode", client.execute(**options))
        finally:
            if watch:
                watch.exit_code = client.kernel_exit_code
            loop = ensure_event_loop()  # the one nbclient has made for this thread, and would leave open
            if not loop.is_running():
                loop.close()
