"""Programs that try to harm, in four languages. Each says BREACH where it gets somewhere.

Run as a script, it runs them all and prints what became of each as JSON: so that it can be run as another user.
Network programs aim at the address that they are given alone, which is a listener of the test's own.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

PYTHON = {
    "a fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n",
    "a fork bomb that holds memory": """
import os, time
for _ in range(100):
    try:
        if os.fork() == 0:
            block = bytearray(b'x') * (60 << 20)
            time.sleep(2)
            os.write(1, b'held ')
            os._exit(0)
    except OSError: pass
time.sleep(2)
""",
    "a thread bomb": "import threading\nwhile True: threading.Thread(target=threading.Event().wait).start()\n",
    "memory in one process": "b = []\nwhile True: b.append(bytearray(b'x') * (50 << 20))\n",
    "memory in memory files": """
import os
files = [os.memfd_create(str(n)) for n in range(30)]
for file in files:
    for _ in range(50): os.write(file, b'x' * (1 << 20))
os.write(1, b'BREACH: 1500 MB of memory files')
""",
    "memory shared without a name": """
import mmap, os, time
children = []
for n in range(10):
    child = os.fork()
    if child == 0:
        m = mmap.mmap(-1, 60 << 20); m.write(b'x' * (60 << 20)); time.sleep(2); os._exit(0)
    children.append(child)
time.sleep(1)
if all(os.waitpid(child, os.WNOHANG)[0] == 0 for child in children): os.write(1, b'BREACH: 600 MB of shared memory')
time.sleep(1)
""",
    "memory in the work directory": """
import os
for n in range(200): open(f'/box/{n}', 'wb').write(b'x' * (10 << 20))
os.write(1, b'BREACH: 2 GB of files')
""",
    "one large file": "import os\nf = open('/box/f', 'wb')\nwhile True:\n    os.write(f.fileno(), b'x' * (1 << 20))\n",
    "many files": "for n in range(10 ** 9): open(f'/box/{n}', 'w').close()\n",
    "many folders, deep": "import os\nwhile True:\n    os.mkdir('d'); os.chdir('d')\n",
    "shared memory's folder": "import os\n"
    "f = open('/dev/shm/f', 'wb')\n"
    "while True: os.write(f.fileno(), b'x' * (1 << 20))\n",
    "endless output": "import os\nwhile True: os.write(1, b'x' * 65536)\n",
    "endless errors": "import os\nwhile True: os.write(2, b'x' * 65536)\n",
    "a daemon": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for n in range(3): os.close(n)
        time.sleep(DAEMON)
    os._exit(0)
""",
    "ignores every signal": """
import signal, time
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: time.sleep(1)
""",
    "sleeps": "import time\ntime.sleep(1000)\n",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n",
    "vfork and pause": "import ctypes\nl = ctypes.CDLL(None)\nif l.vfork() == 0: l.pause()\n",
    "spins at the lowest priority": "import os\n"
    "try: os.nice(19); print('BREACH: nice')\n"
    "except OSError: pass\n"
    "while True: pass\n",
    "chooses its processor": "import os\n"
    "try: os.sched_setaffinity(0, {0}); print('BREACH: affinity')\n"
    "except OSError: pass\n",
    "reads the password file": "print('BREACH', open('/etc/shadow').read())\n",
    "reads homes": """
import os, sys
for place in ('/root', '/home', '/work', '/tmp', os.path.expanduser('~')):
    for folder, folders, files in os.walk(place):
        if sys.prefix.startswith(folder) or folder.startswith(sys.prefix):
            continue  # on the way to the interpreter
        for name in files:
            if name != 'hostile.py': print('BREACH', folder, name)
""",
    "reads the environment": """
import os
for n in [*os.listdir('/proc'), 'self']:
    try: text = open(f'/proc/{n}/environ').read()
    except OSError: continue
    if 'SECRET' in text: print('BREACH', n)
""",
    "reads command lines": """
import os
for n in os.listdir('/proc'):
    try: text = open(f'/proc/{n}/cmdline').read()
    except OSError: continue
    if 'pytest' in text or 'bwrap' in text: print('BREACH', text)
""",
    "connects to the host": "import socket\nsocket.create_connection(('127.0.0.1', PORT), 2)\nprint('BREACH')\n",
    "looks a name up": "import socket\nprint('BREACH', socket.getaddrinfo('localhost.localdomain.example', 80))\n",
    "raw sockets": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\nprint('BREACH')\n",
    "the hypervisor's sockets": "import socket\nsocket.socket(40, socket.SOCK_STREAM)\nprint('BREACH')\n",
    "kernel sockets": "import socket\nsocket.socket(16, socket.SOCK_RAW)\nprint('BREACH')\n",
    "signals everybody": "import os\nos.kill(-1, 9)\n",
    "signals its parents": "import os\nfor n in range(1, 400):\n    try: os.kill(n, 9)\n    except OSError: pass\n",
    "writes into the system": """
for place in ('/usr/x', '/etc/x', '/x', '/proc/sys/kernel/hostname', '/sys/x', '/bin/x', '/proc/sysrq-trigger'):
    try: open(place, 'w').write('x'); print('BREACH', place)
    except OSError: pass
""",
    "writes into its own program": "open('/box/hostile.py', 'w').write('x')\nprint('BREACH')\n",
    "links to what is "
    "outside": "import os\nos.symlink('/etc/shadow', '/box/l')\nprint('BREACH', open('/box/l').read())\n",
    "through the process folder": """
import os
for n in range(1, 10):
    for what in ('root/etc/shadow', 'cwd/../etc/shadow'):
        try: print('BREACH', open(f'/proc/{n}/{what}').read()[:10])
        except OSError: pass
""",
    "mounts": "import ctypes\nif ctypes.CDLL(None).mount(b'none', b'/box', b'tmpfs', 0, None) == 0: print('BREACH')\n",
    "traces": "import ctypes\nif ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0: print('BREACH')\n",
    "a user namespace": "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000) == 0: print('BREACH')\n",
    "a namespace by clone": """
import ctypes
if ctypes.CDLL(None).syscall(56, 0x10000000 | 17, 0, 0, 0, 0) >= 0: print('BREACH')
""",
    "io_uring": "import ctypes\nif ctypes.CDLL(None).syscall(425, 8, b'\\0' * 120) >= 0: print('BREACH')\n",
    "the kernel's programs": "import ctypes\n"
    "if ctypes.CDLL(None).syscall(321, 0, b'\\0' * 120, 120) >= 0: print('BREACH')\n",
    "the kernel's keys": "import ctypes\n"
    "if ctypes.CDLL(None).syscall(248, b'user', b'x', b'x', 1, -3) >= 0: print('BREACH')\n",
    "sets the clock": "import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)\nprint('BREACH')\n",
    "becomes root": "import os\nos.setuid(0)\nprint('BREACH', open('/etc/shadow').read())\n",
    "raises its limits": """
import resource
for what in (resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
    try: resource.setrlimit(what, (10 ** 12, 10 ** 12)); print('BREACH', what)
    except (OSError, ValueError): pass
""",
    "names the host": "import socket\nsocket.sethostname('x')\nprint('BREACH')\n",
}

C_HEAD = """
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <arpa/inet.h>
int main(void) {
"""
C = {
    "a fork bomb": "for (;;) fork();",
    "memory": "for (;;) memset(malloc(50 << 20), 1, 50 << 20);",
    "a disk filler": 'int f = open("f", O_CREAT | O_WRONLY, 0600); static char b[1 << 20]; for (;;) write(f, b, '
    "sizeof b);",
    "endless output": 'for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");',
    "sleeps": "for (;;) pause();",
    "vfork and pause": "if (vfork() == 0) pause();",
    "reads a secret": 'int f = open("/etc/shadow", 0); if (f >= 0) puts("BREACH");',
    "connects": "struct sockaddr_in a = {AF_INET, htons(PORT)}; a.sin_addr.s_addr = htonl(0x7f000001);"
    ' if (connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&a, sizeof a) == 0) puts("BREACH");',
    "mounts": 'if (mount("none", "/box", "tmpfs", 0, 0) == 0) puts("BREACH");',
    "a namespace": 'if (unshare(CLONE_NEWUSER) == 0) puts("BREACH");',
    "signals all": "kill(-1, SIGKILL);",
    "a memory file": 'if (memfd_create("x", 0) >= 0) puts("BREACH");',
    "a daemon": "if (fork() == 0) { setsid(); if (fork() == 0) { close(0); close(1); close(2); sleep(DAEMON); } }",
    "the old entrance": 'long r; asm volatile("int $0x80" : "=a"(r) : "a"(20) : "memory"); if (r > 0) puts("BREACH");',
}
JS = {
    "a fork bomb": "const c = require('child_process'); for (;;) { try { c.spawn(process.execPath, ['-e', "
    "'0']); } catch (e) {} }",
    "memory": "const b = []; for (;;) b.push(Buffer.alloc(50 << 20, 1));",
    "a disk filler": "const fs = require('fs'); const f = fs.openSync('f', 'w'); const b = Buffer.alloc(1 << "
    "20); for (;;) fs.writeSync(f, b);",
    "endless output": "for (;;) require('fs').writeSync(1, 'x'.repeat(65536));",
    "sleeps": "setInterval(() => {}, 1000);",
    "spins": "for (;;) {}",
    "reads a secret": "console.log('BREACH', require('fs').readFileSync('/etc/shadow', 'utf8'));",
    "reads the environment": "if (JSON.stringify(process.env).includes('SECRET')) console.log('BREACH');",
    "connects": "require('net').connect(PORT, '127.0.0.1', () => console.log('BREACH'));",
    "signals all": "try { process.kill(-1, 'SIGKILL'); } catch (e) {}",
    "writes into the system": "require('fs').writeFileSync('/usr/x', 'x'); console.log('BREACH');",
}
SH = {
    "a fork bomb": "f() { f | f & }; f; wait",
    "a disk filler": "dd if=/dev/zero of=f bs=1M",
    "endless output": "yes",
    "sleeps": "sleep 1000",
    "a daemon": "setsid sleep DAEMON </dev/null >/dev/null 2>&1 &",
    "reads a secret": "cat /etc/shadow && echo BREACH",
    "connects": "exec 3<>/dev/tcp/127.0.0.1/PORT && echo BREACH",
    "signals all": "kill -9 -1",
    "mounts": "mount -t tmpfs none /box && echo BREACH",
    "writes into the system": "touch /usr/x && echo BREACH",
    "becomes another": "su -c 'echo BREACH'; sudo -n echo BREACH",
}
LANGUAGES = {
    "python": (PYTHON, "hostile.py", ""),
    "c": (
        {name: f"{C_HEAD}{body}\nreturn 0; }}\n" for name, body in C.items()},
        "hostile.c",
        "gcc -w -o hostile hostile.c && ",
    ),
    "js": (JS, "hostile.js", ""),
    "sh": (SH, "hostile.sh", ""),
}


def run_all(names: list[str], port: int, daemon: str) -> dict[str, list[object]]:
    """What became of each program: status, the limit that ended it, its output's beginning."""
    from concurrent.futures import ThreadPoolExecutor

    from midspan.sandbox import Policy, Sandbox, interpreter

    sandbox = Sandbox()
    commands = {
        "python": f"{interpreter()} -s -S -B hostile.py",
        "c": "./hostile",
        "js": "node hostile.js",
        "sh": "bash hostile.sh",
    }
    policy = Policy(cpu_seconds=1.0, wall_seconds=2.5, memory_mb=300, address_mb=8 << 10, processes=24, file_mb=16)

    def run(key: str) -> list[object]:
        language, _, name = key.partition(": ")
        programs, file, build = LANGUAGES[language]
        text = programs[name].replace("PORT", str(port)).replace("DAEMON", daemon)
        command = ["/bin/sh", "-c", f"{build}exec {commands[language]}"]
        outcome = sandbox.run({file: text}, command, "", policy)
        return [outcome.status, outcome.killed_by, outcome.stdout[:200], outcome.stderr[-200:], outcome.wall_seconds]

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(run, names), strict=True))


def all_names() -> list[str]:
    return [f"{language}: {name}" for language, (programs, _, _) in LANGUAGES.items() for name in programs]


def be_left_the_orphans() -> None:
    """From now on this process is the parent of whoever loses theirs, where else process 1 is, and buries nobody."""
    assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER


def unburied() -> list[str]:
    """The names of the dead whose parent is this process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = path.read_text().rpartition(")")
            if rest.split()[:2] == ["Z", str(os.getpid())]:
                found.append(name.partition("(")[2])
    return found


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    be_left_the_orphans()
    print(json.dumps([run_all(given["names"], given["port"], given["daemon"]), unburied()]))
