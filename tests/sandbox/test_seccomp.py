"""The filter, decided by an emulator of classic BPF for every system call of both architectures."""

from __future__ import annotations

import errno
import struct

import pytest

from midspan.sandbox.seccomp import AUDIT_ARCHITECTURES, CLONE, CLONE3, REFUSED, SOCKETS, bpf_filter, kafel_policy

ALLOWED, KILLED = "allowed", "killed"


def decide(program: bytes, architecture: int, number: int, argument: int) -> int | str:
    """What the kernel would do: an errno, or one of the words above."""
    data = struct.pack("<IIQQ", number, architecture, 0, argument)
    accumulator, counter = 0, 0
    while True:
        code, yes, no, operand = struct.unpack_from("<HBBI", program, 8 * counter)
        counter += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif code == 0x06:
            action = operand & 0xFFFF0000
            return {0x7FFF0000: ALLOWED, 0x80000000: KILLED, 0x00050000: operand & 0xFFFF}[action]
        else:
            holds = {
                0x15: accumulator == operand,
                0x35: accumulator >= operand,
                0x45: bool(accumulator & operand),
            }[code]
            counter += yes if holds else no


@pytest.mark.parametrize("machine", AUDIT_ARCHITECTURES)
def test_the_filter_refuses_what_the_table_says_and_nothing_else(machine: str) -> None:
    program, architecture = bpf_filter(machine), AUDIT_ARCHITECTURES[machine]
    column = list(AUDIT_ARCHITECTURES).index(machine)
    refused = {pair[column] for pair in REFUSED.values()}
    for number in range(600):
        if number in refused:
            expected: int | str = errno.EPERM
        elif number == CLONE3[column]:
            expected = errno.ENOSYS
        elif number in {pair[column] for pair in SOCKETS}:
            expected = errno.EAFNOSUPPORT  # family 0 is none
        else:
            expected = ALLOWED
        assert decide(program, architecture, number, 0) == expected, number


@pytest.mark.parametrize("machine", AUDIT_ARCHITECTURES)
def test_only_ordinary_socket_families_open(machine: str) -> None:
    column = list(AUDIT_ARCHITECTURES).index(machine)
    for pair in SOCKETS:
        opened = {
            family
            for family in range(64)
            if decide(bpf_filter(machine), AUDIT_ARCHITECTURES[machine], pair[column], family) == ALLOWED
        }
        assert opened == {1, 2, 10}


@pytest.mark.parametrize("machine", AUDIT_ARCHITECTURES)
@pytest.mark.parametrize("bit", range(32))
def test_clone_makes_processes_and_threads_but_no_namespaces(machine: str, bit: int) -> None:
    namespaces = {17, 25, 26, 27, 28, 29, 30}  # linux/sched.h: CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET
    number = CLONE[list(AUDIT_ARCHITECTURES).index(machine)]
    decision = decide(bpf_filter(machine), AUDIT_ARCHITECTURES[machine], number, 1 << bit)
    assert decision == (errno.EPERM if bit in namespaces else ALLOWED)


def test_other_architectures_kill_and_x32_calls_do_not_exist() -> None:
    for machine, other in (("x86_64", 0x40000003), ("aarch64", 0x40000028)):
        assert decide(bpf_filter(machine), other, 1, 0) == KILLED
    for number in (0, 39, 101, 521):
        assert decide(bpf_filter("x86_64"), AUDIT_ARCHITECTURES["x86_64"], 0x40000000 | number, 0) == errno.ENOSYS


@pytest.mark.parametrize("machine", AUDIT_ARCHITECTURES)
def test_nsjail_is_given_every_number_of_the_table(machine: str) -> None:
    column = list(AUDIT_ARCHITECTURES).index(machine)
    policy = kafel_policy(machine)
    for pair in (*REFUSED.values(), CLONE, CLONE3, *SOCKETS):
        if pair[column] is not None:
            assert f"SYSCALL[{pair[column]}]" in policy


def test_the_numbers_are_those_of_this_machines_headers() -> None:
    import re
    from pathlib import Path

    header = next(Path("/usr/include").glob("*/asm/unistd_64.h"), None)
    if header is None:
        pytest.skip("the kernel's headers are not installed (linux-libc-dev)")
    numbers = dict(re.findall(r"#define __NR_(\w+)\s+(\d+)", header.read_text()))
    machine = "x86_64" if "x86" in str(header) else "aarch64"
    column = list(AUDIT_ARCHITECTURES).index(machine)
    table = {**REFUSED, "clone": CLONE, "clone3": CLONE3, "socket": SOCKETS[0], "socketpair": SOCKETS[1]}
    known = {name: pair[column] for name, pair in table.items() if pair[column] is not None and name in numbers}
    assert known == {name: int(numbers[name]) for name in known}
    assert len(known) > 40
