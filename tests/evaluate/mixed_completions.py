"""Completions of many kinds, none of them hostile, and small problems of our own in HumanEval's shape."""

from __future__ import annotations

OURS = [
    {
        "task_id": f"Ours/{n}",
        "prompt": f'from typing import List\n\n\ndef times_{n}(x: int) -> int:\n    """{n} times x"""\n',
        "canonical_solution": f"    return {n} * x\n",
        "test": f"\n\nMETADATA = {{}}\n\n\ndef check(candidate):\n    assert candidate(2) == {2 * n}\n",
        "entry_point": f"times_{n}",
    }
    for n in range(1, 3)
]
MIXED = {
    "right": "{right}",
    "wrong": "    return None\n",
    "crashes": "    return 1 / 0\n",
    "is no Python": "    return (\n",
    "exits": "    exit(0)\n",
    "exits with success": "    import sys\n    sys.exit(0)\n",
    "ends the process": "    import os\n    os._exit(0)\n",
    "never ends": "    while True: pass\n",
    "recurses without end": "    return times(x)\n\ndef times(x):\n    return times(x)\n",
    "raises what is no error": "    raise KeyboardInterrupt\n",
    "prints much": "    print('x' * 10000)\n{right}",
    "reads standard input": "    input()\n{right}",
    "a dataclass that names itself": "    from dataclasses import dataclass\n    @dataclass\n    class N:\n"
    "        n: 'N' = None\n    N()\n{right}",
    "is equal to all": "    class A:\n        def __eq__(self, other): return True\n    return A()\n",
    "of another type": "    return float(x) * 1.0 + 0 if False else {number} * x * 1.0\n",
    "asserts": "    assert False\n",
    "is empty": "",
}
