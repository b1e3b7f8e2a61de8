"""The machine: its devices, the number formats it multiplies in, and how fast."""

from midspan.compute.devices import best_device
from midspan.compute.peak import peak_flops
from midspan.compute.precision import autocast, compute_dtype

__all__ = ["autocast", "best_device", "compute_dtype", "peak_flops"]
