"""Several processes that train one network together, through Lightning Fabric (optional)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch

from course_lib.core import Batch, PairBatch, check_count


class Team:
    """Processes that share each batch: every one takes its part, and the gradients are averaged.

    Fabric starts them: on this machine it launches the script once more for each device; under
    torchrun or SLURM, which have started them already, each finds its place. Gradients are
    averaged by ``torch.nn.parallel.DistributedDataParallel``.

    Parameters
    ----------
    devices : GPUs (or, without any, processes on the processor) on each machine
    nodes : machines

    Attributes
    ----------
    rank, size : which process this is, from 0, and how many there are
    device : where this process computes

    Raises
    ------
    TypeError, ValueError
        For counts below 1, more devices than this machine has, or several machines that
        nothing has started processes on.
    ModuleNotFoundError
        Where Lightning Fabric is not installed.

    References
    ----------
    Li et al. (2020), "PyTorch distributed: experiences on accelerating data parallel training".
    """

    def __init__(self, devices: int, nodes: int = 1) -> None:
        gpus = torch.cuda.device_count()
        most, what = (gpus, "GPUs") if gpus else (os.cpu_count() or 1, "processors")
        if check_count(devices, "devices") > most:
            raise ValueError(f"need at most as many devices as {what} here, {most}, got {devices}")
        check_count(nodes, "nodes")
        try:
            from lightning_fabric import Fabric
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "need Lightning Fabric to train on several devices; install it with "
                "pip install lightning-fabric (the extra `distributed`), or train on one device"
            ) from error
        if nodes > 1 and not _launched():
            raise ValueError(
                f"need torchrun or SLURM to start processes on {nodes} nodes, but neither has "
                "started this one; run the same command on each through torchrun or srun"
            )
        accelerator = "cuda" if gpus else "cpu"
        self._fabric = Fabric(
            accelerator=accelerator, devices=devices, num_nodes=nodes, strategy="ddp"
        )
        self._fabric.launch()
        self.rank, self.size = self._fabric.global_rank, self._fabric.world_size
        self.device = self._fabric.device

    def wrapped(self, model: torch.nn.Module) -> Callable[[Any, Any], tuple[torch.Tensor, Any]]:
        """Return the network's loss, whose gradients are averaged over all processes."""
        module = self._fabric.setup_module(model)
        module.mark_forward_method("loss")
        return lambda batch, carry: module.loss(batch, carry)

    def share(self, batch: Batch | PairBatch) -> Batch | PairBatch:
        """Return this process's part of a batch; raises as `Batch.shard`."""
        return batch.shard(self.rank, self.size)

    def mean(self, loss: torch.Tensor) -> torch.Tensor:
        """Return the mean over all processes, the same in each."""
        return torch.as_tensor(self._fabric.all_reduce(loss, reduce_op="mean"))

    def agree(self, decision: bool) -> bool:
        """Return what the first process decided."""
        return bool(self._fabric.broadcast(decision))

    def gather(self, state: torch.Tensor) -> torch.Tensor:
        """Return a carry of shape (..., batch, units) for the whole batch, from everyone's part."""
        parts = [torch.empty_like(state) for _ in range(self.size)]
        torch.distributed.all_gather(parts, state.contiguous())
        return torch.stack(parts, dim=-2).flatten(-3, -2)

    def part(self, state: torch.Tensor) -> torch.Tensor:
        """Undo `gather`."""
        return state[..., self.rank :: self.size, :].contiguous()


def _launched() -> bool:
    """Whether a launcher has started this process, and others on other machines."""
    from lightning_fabric.plugins.environments import SLURMEnvironment, TorchElasticEnvironment

    return TorchElasticEnvironment.detect() or SLURMEnvironment.detect()
