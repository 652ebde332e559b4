"""What a tree of processes has used so far, read from Linux' /proc: CPU by kind of process, memory, disk."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """CPU seconds by kind of process, and the proportional set size of all together in MB."""

    by_name: dict[str, float]
    memory_mb: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """Return what a process and all its descendants have used."""
        pids = _tree(pid)
        cpu: dict[str, float] = {}
        for one in pids:
            name = _name(one, pid)
            cpu[name] = cpu.get(name, 0) + _cpu(one)
        return cls(cpu, sum(_pss(one) for one in pids))

    @property
    def total(self) -> float:
        """CPU seconds of all processes."""
        return sum(self.by_name.values())

    def __sub__(self, before: Self) -> "Usage":
        return Usage({n: cpu - before.by_name.get(n, 0) for n, cpu in self.by_name.items()}, self.memory_mb)


@dataclass(frozen=True)
class Disk:
    """Bytes by file or folder of the data folder."""

    by_name: Counter[str]

    @classmethod
    def of(cls, data: Path) -> Self:
        """Return what lies in the data folder."""
        sizes: Counter[str] = Counter()
        for file in data.rglob("*"):
            if file.is_file():
                name = file.relative_to(data).parts[0].replace("-wal", "").replace("-shm", "")
                sizes[name] += file.stat().st_size
        return cls(sizes)

    @property
    def total(self) -> int:
        """All bytes."""
        return sum(self.by_name.values())

    def __sub__(self, before: Self) -> "Disk":
        return Disk(Counter({n: size - before.by_name[n] for n, size in self.by_name.items() if size}))


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _name(pid: int, root: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    if b"nats-server" in command:
        return "nats-server"
    return "services" if pid == root else "render workers"


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
