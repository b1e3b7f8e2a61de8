"""What the processes of an engine took, once they have ended."""

from __future__ import annotations

import resource
from multiprocessing import forkserver


def usage_of_workers() -> resource.struct_rusage:
    """Processor time of all, and the peak of the largest; the server that forked them ends for it."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # as multiprocessing's own tests do
    return resource.getrusage(resource.RUSAGE_CHILDREN)
