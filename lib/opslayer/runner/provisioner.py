"""Kernels for Jupyter and Papermill, forked by the fork server instead of started cold."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from opslayer.config import find_firm
from opslayer.errors import ConfigurationError
from opslayer.runner import warm


class ForkedProvisioner(LocalProvisioner):
    """Starts kernels by forking; the rest of their life is jupyter_client's own."""

    process: Any = None  # a ForkedKernel, which has the face of Popen

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose Unix sockets in a private folder: TCP ports are open to every user of the machine."""
        manager = self.parent
        if manager is not None and manager.transport == "tcp" and not manager.shell_port:
            manager.transport = "ipc"
            manager.ip = str(warm.runtime_folder() / f"kernel-{secrets.token_hex(4)}")
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        self.cwd = working_folder(kwargs["env"], kwargs.get("cwd"))
        self.process = await asyncio.to_thread(
            warm.ForkedKernel,
            cmd[cmd.index("ipykernel_launcher") + 1 :],
            env=kwargs["env"],
            cwd=str(self.cwd),
            outputs=(_descriptor(kwargs.get("stdout"), 1), _descriptor(kwargs.get("stderr"), 2)),
        )
        self.pid = self.pgid = self.process.pid  # the kernel leads a session of its own
        return self.connection_info


def working_folder(environment: dict[str, str], asked: str | Path | None) -> Path:
    """The firm's directory, so that `firm = "."` means the same at night and in JupyterLab; else `asked`."""
    place = Path(asked or Path.cwd())
    named = environment.get("OPSLAYER_FIRM")
    try:
        return find_firm(Path(named)).parent if named else _above(place)
    except ConfigurationError:
        return place


def _above(place: Path) -> Path:
    for folder in (place, *place.resolve().parents):
        if (folder / "firm.toml").is_file():
            return folder
    return place


def _descriptor(file: Any, own: int) -> int:
    if file is None:
        return own
    return file if isinstance(file, int) else int(file.fileno())
