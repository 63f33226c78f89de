"""The panels that live in this kernel: closed when their cell is run again, paused by an interrupt."""

import signal
import threading

open_panels = []  # those whose task runs


def running_cell():
    """The id of the notebook's cell that is being run; None elsewhere. When it is run again, its panels are closed."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None or not hasattr(shell, "get_parent"):
        return None
    shell.events.register("pre_run_cell", close_panels_of)  # once: IPython does not register a function twice
    return shell.get_parent().get("metadata", {}).get("cellId")


def close_panels_of(run):
    for panel in [p for p in open_panels if p._cell is not None and p._cell == run.cell_id]:
        panel.close()


def take_interrupts():
    """Let an interrupt of the kernel pause all panels; between two cells the kernel itself ignores interrupts."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, pause_all)


def pause_all(*_):
    for panel in open_panels:
        panel.running = False
