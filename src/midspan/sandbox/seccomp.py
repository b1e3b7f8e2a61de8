"""The system calls that no evaluated program needs, refused by a seccomp filter.

One table serves both backends: bubblewrap takes the BPF program, nsjail takes the same rules in its Kafel
language. Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
"""

from __future__ import annotations

import errno
import os
import struct
from functools import cache

# Refused with EPERM: other processes' memory, keys, kernel code, mounts, namespaces, clocks, new attack surface; and
# memory outside of every limit, and a low priority, with which a program could call itself held up by the machine.
# name: (x86_64, aarch64), None where the architecture has no such call.
REFUSED: dict[str, tuple[int, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "shmget": (29, 194),  # System V memory outlives its process, out of sight of the process's limits
    "semget": (64, 190),
    "msgget": (68, 186),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "memfd_secret": (447, 447),
    "memfd_create": (319, 279),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "syslog": (103, 116),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
}
CLONE3 = (435, 435)  # its flags lie in memory, out of the filter's sight: ENOSYS sends the C library to clone
CLONE = (56, 220)
SOCKETS = ((41, 198), (53, 199))  # socket, socketpair
NEW_NAMESPACE = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6; in their own network namespace they lead nowhere
X32 = 0x40000000  # bit of the x32 calls, a second entrance to the x86_64 kernel

AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# classic BPF: opcodes of linux/bpf_common.h, offsets of struct seccomp_data, return values of linux/seccomp.h
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

Instruction = tuple[int, int, int, int]  # opcode, jump if true, jump if false, operand


def supported() -> bool:
    """Whether the table knows this machine's architecture."""
    return os.uname().machine in AUDIT_ARCHITECTURES


def _numbers(pairs: list[tuple[int, int | None]], machine: str) -> list[int]:
    column = list(AUDIT_ARCHITECTURES).index(machine)
    return [number for pair in pairs if (number := pair[column]) is not None]


@cache
def bpf_filter(machine: str) -> bytes:
    """The filter as the array of `struct sock_filter` that bubblewrap's --seccomp reads."""

    def refuse(code: int) -> Instruction:
        return RETURN, 0, 0, ERRNO | code

    program: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, AUDIT_ARCHITECTURES[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
    ]
    if machine == "x86_64":
        program += [(AT_LEAST, 0, 1, X32), refuse(errno.ENOSYS)]
    for number in _numbers(list(REFUSED.values()), machine):
        program += [(EQUAL, 0, 1, number), refuse(errno.EPERM)]
    for number in _numbers([CLONE3], machine):
        program += [(EQUAL, 0, 1, number), refuse(errno.ENOSYS)]
    for number in _numbers([CLONE], machine):
        program += [
            (EQUAL, 0, 4, number),
            (LOAD, 0, 0, FIRST_ARGUMENT),
            (ANY_BIT, 0, 1, NEW_NAMESPACE),
            refuse(errno.EPERM),
            (RETURN, 0, 0, ALLOW),
        ]
    for number in _numbers(list(SOCKETS), machine):
        families = [(EQUAL, len(FAMILIES) - i, 0, family) for i, family in enumerate(FAMILIES)]
        program += [
            (EQUAL, 0, len(FAMILIES) + 3, number),
            (LOAD, 0, 0, FIRST_ARGUMENT),
            *families,
            refuse(errno.EAFNOSUPPORT),
            (RETURN, 0, 0, ALLOW),
        ]
    program.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


@cache
def kafel_policy(machine: str) -> str:
    """The same filter for nsjail's --seccomp_string (https://google.github.io/kafel)."""

    def calls(pairs: list[tuple[int, int | None]], condition: str = "") -> str:
        numbers = _numbers(pairs, machine)
        if machine == "x86_64":
            numbers += [number | X32 for number in numbers]
        return ", ".join(f"SYSCALL[{number}]{condition}" for number in numbers)

    namespaces = f"(flags) {{ (flags & {NEW_NAMESPACE:#x}) != 0 }}"
    families = "(family) { " + " && ".join(f"family != {family}" for family in FAMILIES) + " }"
    return (
        "POLICY evaluated {"
        f" ERRNO({errno.EPERM}) {{ {calls(list(REFUSED.values()))}, {calls([CLONE], namespaces)} }},"
        f" ERRNO({errno.ENOSYS}) {{ {calls([CLONE3])} }},"
        f" ERRNO({errno.EAFNOSUPPORT}) {{ {calls(list(SOCKETS), families)} }}"
        " } USE evaluated DEFAULT ALLOW"
    )
