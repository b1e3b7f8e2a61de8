"""The machine: its devices, the number formats it multiplies in, and how fast."""

from midspan.compute.devices import best_device
from midspan.compute.memory import available_memory
from midspan.compute.peak import peak_flops
from midspan.compute.precision import autocast, compute_dtype
from midspan.compute.threads import free_threads, use_threads

__all__ = ["autocast", "available_memory", "best_device", "compute_dtype", "free_threads", "peak_flops", "use_threads"]
