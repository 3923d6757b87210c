"""How gunicorn serves the site, besides what its command line says; it is read where gunicorn is started beside it."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from typing import Any

# A slow client holds a thread, not a process.
threads = 4

# Requests after which a process has loaded what it needs.
WARM = 200
frozen: list[int] = []

# Where the processes count for `/metrics` together; prometheus_client looks for it when it is imported.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="mlops-maturity-metrics-")


def post_request(worker: Any, req: Any, environ: Any, resp: Any) -> None:
    """Take what stays loaded out of the collection of garbage, which takes a fifth of a large page's time with it."""
    if worker.nr >= WARM and not frozen:
        gc.freeze()
        frozen.append(worker.nr)


def child_exit(server: Any, worker: Any) -> None:
    """Forget what only a living process has."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - not before the folder is set

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
