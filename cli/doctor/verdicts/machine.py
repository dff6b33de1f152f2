"""What is to be said of the machine: disk, memory, file handles, ports, clock."""

from collections.abc import Mapping

from cli.findings import Colour, Finding

DISK, MACHINE = "disk", "machine"
FOLDER = "data folder"
_MB = 1024 * 1024
_LITTLE_DISK, _NO_DISK = 2048 * _MB, 300 * _MB
_LITTLE_MEMORY, _NO_MEMORY = 2048 * _MB, 400 * _MB
_MANY_FILES, _FEW_FILES = 8192, 1024
_SKEW_S, _WRONG_S = 30.0, 120.0
_NETWORKED = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "lustre", "vboxsf"}


def folder(problem: str, *, there: bool, in_use: bool) -> Finding:
    """Return the line of the data folder; ``problem`` says what cannot be done in it, if anything."""
    if problem:
        fix = "set DATA_DIR to a folder on a local disk that the user who starts Carrel may write to"
        return Finding(DISK, FOLDER, "red", problem, fix)
    told = "in use by a running Carrel" if in_use else "there" if there else "not there yet, can be made"
    return Finding(
        DISK, FOLDER, "green", f"{told}; files are rewritten in place, locked and moved as they should"
    )


def filesystem(kind: str) -> Finding:
    """Return the line of what DATA_DIR lies on; ``kind`` as the kernel calls it, empty if untold."""
    name = "file system"
    if kind.startswith("fuse") or kind in _NETWORKED:
        fix = "set DATA_DIR to a local disk; a bucket is good for backups alone"
        told = f"DATA_DIR lies on {kind}, a mount over the network: a living database is lost there"
        return Finding(DISK, name, "yellow", told, fix, (FOLDER,))
    if kind in ("tmpfs", "ramfs"):
        fix = "set DATA_DIR to a disk, unless all may be lost"
        return Finding(DISK, name, "yellow", f"DATA_DIR lies in memory ({kind})", fix, (FOLDER,))
    return Finding(DISK, name, "green", kind or "not told by this system", needs=(FOLDER,))


def space(free_bytes: int) -> Finding:
    """Return the line of what is free where DATA_DIR lies."""
    told = f"{free_bytes // _MB} MB free"
    if free_bytes >= _LITTLE_DISK:
        return Finding(DISK, "disk space", "green", told)
    colour: Colour = "yellow" if free_bytes >= _NO_DISK else "red"
    fix = "make room, or set DATA_DIR to another disk; a new index needs the room of two"
    return Finding(DISK, "disk space", colour, told, fix)


def memory(available_bytes: int | None, *, in_use: bool) -> Finding:
    """Return the line of what memory may still be taken; None where the system does not tell."""
    if available_bytes is None:
        return Finding(MACHINE, "memory", "green", "not told by this system")
    told = f"{available_bytes // _MB} MB may still be taken"
    if available_bytes >= _LITTLE_MEMORY:
        return Finding(MACHINE, "memory", "green", told)
    if available_bytes < _NO_MEMORY and not in_use:
        fix = "give it 1 GB at least: idle it takes 350 MB, and parsing of documents more"
        return Finding(MACHINE, "memory", "red", told, fix)
    fix = "give it 2 GB, or lower PARSE_MEMORY_BYTES: else parsing a large document may end in want of memory"
    return Finding(MACHINE, "memory", "yellow", told, fix)


def handles(most: int) -> Finding:
    """Return the line of how many files and sockets a process may have open."""
    told = f"{most} a process"
    if most >= _MANY_FILES:
        return Finding(MACHINE, "file handles", "green", told)
    fix = "raise the hard limit (docker run --ulimit nofile=8192), or lower MAX_CONNECTIONS and MAX_SOCKETS"
    return Finding(MACHINE, "file handles", "yellow" if most >= _FEW_FILES else "red", told, fix)


def ports(taken: Mapping[str, int], *, in_use: bool) -> Finding:
    """Return the line of the ports; ``taken`` are those by variable on which somebody listens already."""
    if in_use:
        return Finding(MACHINE, "ports", "green", "a running Carrel listens on them")
    if not taken:
        return Finding(MACHINE, "ports", "green", "free")
    names = ", ".join(f"{variable} ({port})" for variable, port in taken.items())
    return Finding(MACHINE, "ports", "red", f"taken by something else: {names}", "set them to free ports")


def clock(skew_s: float | None, *, whose: str) -> Finding:
    """Return the line of the clock, so many seconds before that of the host of ``whose``, if one told its."""
    if skew_s is None:
        told = (
            f"not compared: {whose} tells no time" if whose else "not compared: nothing outside is configured"
        )
        return Finding(MACHINE, "clock", "green", told)
    way = "ahead of" if skew_s > 0 else "behind"
    told = f"{abs(skew_s):.0f} s {way} the host of {whose}"
    if abs(skew_s) <= _SKEW_S:
        return Finding(MACHINE, "clock", "green", told)
    fix = "have the clock set by NTP: tokens and signatures end by it"
    return Finding(MACHINE, "clock", "red" if abs(skew_s) > _WRONG_S else "yellow", told, fix)
