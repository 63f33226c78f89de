"""What a class needs: N students at once on one Jupyter server, who run notebook 02 and then train a playground.

    python benchmarks/classroom.py [--students 1 5 15 30] [--training 10] [--seconds 10] [--notebook FILE]

All of it is on this machine, the students' pages too: each is a websocket that delays what it sends and hears by half a
round trip of 80 ms, and tells the kernel which frame it shows, as widgets/picture.js does. While they train, ten at
once, everybody moves the learning rate once a second; the table tells how long until the page shows the new one.
Memory is what a kernel has after all that, a library that several share divided among them (PSS).
"""

import argparse
import asyncio
import base64
import contextlib
import datetime
import itertools
import json
import math
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
import turns
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

ROOT = Path(__file__).resolve().parent.parent
ROUND_TRIP = 0.08  # seconds
REPORT = 0.08  # seconds between two reports of the frame that is on screen: REPORT_MS of picture.js
KEPT = 5  # seconds between two pictures for the notebook: KEPT_MS of picture.js
LONGEST = 1800, 20  # seconds until a Run All, a slider's answer are given up
PLAYGROUND = "import nnlib\nfrom nnlib import widgets\nwidgets.Playground(nnlib.load_dataset(), hidden=[16])"
RATES = 0.05, 0.07, 0.1, 0.07
COLUMNS = ["students", "Run All: median", "worst", "of which processor", "frames/s each", "slider: median", "worst",
           "Mbit/s each", "MB: worst", "MB in all", "server MB", "failures"]  # fmt: skip


class Student:
    """A page: a kernel of its own, the models of its widgets, and what went wrong."""

    def __init__(self, server, number):
        self.server, self.session, self.name = server, Session(), f"student {number}"
        self.models, self.waiting, self.reports, self.failures = {}, {}, {}, []
        self.bytes = self.frames = 0
        self.news = asyncio.Event()  # a frame has arrived

    async def open(self, folder):
        """Start a kernel in this folder of the server's, and connect to it as JupyterLab does."""
        url, token = self.server["url"] + "api/kernels", f"token={self.server['token']}"
        kernel = json.dumps({"name": "python3", "path": folder})
        answer = await AsyncHTTPClient().fetch(f"{url}?{token}", method="POST", body=kernel, request_timeout=300)
        self.socket = await websocket_connect(
            f"{url.replace('http', 'ws', 1)}/{json.loads(answer.body)['id']}/channels?{token}",
            on_message_callback=self._arrived,
            subprotocols=["v1.kernel.websocket.jupyter.org"],
        )
        return self

    # -- messages -----------------------------------------------------------------------------------------------------

    def send(self, kind, content, metadata=None, buffers=()):
        """A message to the kernel; returns its id and a future, done when the kernel has dealt with it."""
        message = self.session.msg(kind, content, metadata=metadata)
        self.waiting[message["msg_id"]] = future = asyncio.get_running_loop().create_future()
        parts = [self.session.pack(message[name]) for name in ("header", "parent_header", "metadata", "content")]
        data = serialize_msg_to_ws_v1([*parts, *buffers], "shell")
        self.bytes += len(data)
        asyncio.get_running_loop().call_later(ROUND_TRIP / 2, self.socket.write_message, data, True)
        return message["msg_id"], future

    def execute(self, source, cell="playground"):
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        return self.send("execute_request", content, {"cellId": cell})

    def set(self, model, **state):
        data = {"method": "update", "state": state, "buffer_paths": []}
        return self.send("comm_msg", {"comm_id": model, "data": data})[1]

    def _arrived(self, data):
        if data is not None:  # None: the socket was closed
            self.bytes += len(data)
            asyncio.get_running_loop().call_later(ROUND_TRIP / 2, self._take, data)

    def _take(self, data):
        header, parent, _, content = map(json.loads, deserialize_msg_from_ws_v1(data)[1][:4])
        kind, parent = header["msg_type"], parent.get("msg_id")
        if kind == "status" and content["execution_state"] == "idle" and parent in self.waiting:
            self.waiting.pop(parent).set_result(None)
        elif kind == "status" and content["execution_state"] in ("restarting", "dead"):
            self.failures.append("the kernel died")
            while self.waiting:
                self.waiting.popitem()[1].set_exception(ConnectionError("the kernel died"))
        elif kind == "error":
            self.failures.append(f"{content['ename']}: {content['evalue']}")
        elif kind == "display_data" and "image/png" in content["data"]:
            self.picture = base64.b64decode(content["data"]["image/png"])
        elif kind == "comm_open":
            self.models[content["comm_id"]] = {"cell": parent}
            self._update(content)
        elif kind == "comm_msg" and content["data"].get("method") == "update":
            self._update(content)

    def _update(self, content):
        model, state = content["comm_id"], content["data"]["state"]
        self.models[model] |= state
        if state.get("moving"):  # a frame
            self.frames += 1
            self.news.set()
            if model not in self.reports or self.reports[model].done():
                self.reports[model] = asyncio.create_task(self._report(model))

    async def _report(self, model):
        shown = None
        while shown != self.models[model]["moving"]["frame"]:
            await asyncio.sleep(REPORT)
            shown = self.models[model]["moving"]["frame"]
            with contextlib.suppress(ConnectionError):  # which is told of where it is waited for
                await self.set(model, shown=shown)

    # -- what a student does ------------------------------------------------------------------------------------------

    async def run_all(self, cells):
        """Seconds until every cell was run, all of them sent at once."""
        start = time.perf_counter()
        async with within(LONGEST[0], "Run All"):
            await asyncio.gather(*[self.execute(cell.source, cell.id)[1] for cell in cells])
        return time.perf_counter() - start

    async def open_playground(self):
        """Run its cell, and find its picture, button and slider."""
        cell, done = self.execute(PLAYGROUND)
        async with within(LONGEST[0], "the playground's cell"):
            await done
        mine = {key: model for key, model in self.models.items() if model["cell"] == cell}
        described = {model.get("description"): key for key, model in mine.items()}
        picture = next(key for key, model in mine.items() if "moving" in model)
        self.playground = picture, described["Train"], described["learning rate"]
        return self

    async def train(self, seconds):
        """Frames and megabits per second, and the seconds until each move of the slider was answered."""
        picture, train, rate = self.playground
        await self.set(train, value=True)
        start, frames, sent, answers = time.perf_counter(), self.frames, self.bytes, []
        while (begun := time.perf_counter()) < start + seconds:
            wanted = RATES[len(answers) % len(RATES)]
            self.set(rate, value=wanted)
            async with within(LONGEST[1], "the slider"):
                while float(re.search("learning rate ([^,]+)", self.models[picture]["value"])[1]) != wanted:
                    self.news.clear()
                    await self.news.wait()
            answers.append(time.perf_counter() - begun)
            if len(answers) % KEPT == 0:  # the page's picture, for the notebook
                kept = {"comm_id": picture, "data": {"method": "custom", "content": {"keep": True}}}
                self.send("comm_msg", kept, buffers=[self.picture])
            await asyncio.sleep(max(0, 1 - answers[-1]))
        passed = time.perf_counter() - start
        result = (self.frames - frames) / passed, (self.bytes - sent) * 8e-6 / passed, answers
        if not self.models[picture]["moving"]["running"]:
            self.failures.append(re.sub("<[^>]*>", "", self.models[picture]["value"]))
        await self.set(train, value=False)
        return result


@contextlib.asynccontextmanager
async def within(seconds, what):
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise TimeoutError(f"{what} was not answered within {seconds} s") from None


@contextlib.contextmanager
def serve():
    """A Jupyter server on a free port of this machine, without the user's settings: its process and what it tells."""
    with tempfile.TemporaryDirectory() as home:
        folders = {name: home for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
        options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", f"--ServerApp.root_dir={ROOT}"]
        with open(Path(home) / "log", "w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server", *options],
                env=os.environ | folders | {"JUPYTER_PREFER_ENV_PATH": "1"},
                stdout=log,
                stderr=log,
            )
        try:
            about = Path(home) / f"jpserver-{process.pid}.json"
            while not listens(about):
                if process.poll() is not None:
                    raise RuntimeError((Path(home) / "log").read_text())
                time.sleep(0.1)
            yield psutil.Process(process.pid), json.loads(about.read_text())
        finally:
            process.terminate()  # and with it, its kernels
            process.wait(60)


def listens(about):
    """Is the server there? The file with its address is written a little before."""
    with contextlib.suppress(OSError, ValueError):
        return socket.create_connection(("127.0.0.1", json.loads(about.read_text())["port"])).close() is None
    return False


async def each(students, action):
    """What `action(student)` gives for each of them, all at once; what goes wrong is noted and gives nothing."""
    results = await asyncio.gather(*map(action, students), return_exceptions=True)
    for student, result in zip(students, results, strict=True):
        if isinstance(result, Exception):
            student.failures.append(f"{type(result).__name__}: {result}")
    return [result for result in results if not isinstance(result, Exception)]


async def hold_class(number, cells, training, seconds):
    """The table's row for this number of students."""
    with serve() as (process, server):
        students = [Student(server, k + 1) for k in range(number)]
        present = await each(students, lambda student: student.open("notebooks"))
        kernels = process.children()
        ran = await each(present, lambda student: student.run_all(cells))
        used = [sum(kernel.cpu_times()[:2]) for kernel in kernels if kernel.is_running()]
        trained = []
        for first in range(0, len(present), training):
            ready = await each(present[first : first + training], lambda student: student.open_playground())
            trained += await each(ready, lambda student: student.train(seconds))
        memory = [megabytes(kernel) for kernel in process.children()]
        frames, megabits, answers = ([result[k] for result in trained] for k in range(3))
        answers = [*itertools.chain(*answers)]
        row = [number, *map("{:.0f} s".format, (median(ran), most(ran), median(used))), f"{median(frames):.1f}"]
        row += [f"{median(answers):.2f} s", f"{most(answers):.2f} s", f"{median(megabits):.2f}"]
        row += map("{:.0f}".format, (most(memory), sum(memory), megabytes(process)))
        failures = [f"{student.name}: {failure}" for student in students for failure in student.failures]
        print(*failures, sep="\n", end="\n" if failures else "", file=sys.stderr)
        return [*row, len(failures)]


def median(values):
    return statistics.median(values or [math.nan])


def most(values):
    return max(values, default=math.nan)


def megabytes(process):
    """Memory of a process, of what it shares its part (PSS); where only Linux knows that, what is its own."""
    info = process.memory_full_info()
    return getattr(info, "pss", info.uss) / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, nargs="+", default=[1, 5, 15, 30])
    parser.add_argument("--training", type=int, default=10, help="how many of them train at once")
    parser.add_argument("--seconds", type=float, default=10, help="for which each of them trains")
    parser.add_argument("--notebook", type=Path, default=ROOT / "notebooks" / "02_single_layer_net.ipynb")
    args = parser.parse_args()
    cells = [cell for cell in nbformat.read(args.notebook, 4).cells if cell.cell_type == "code"]
    print(f"{args.notebook.name}, {args.training} train at once; {psutil.cpu_count()} cores, "
          f"{psutil.virtual_memory().total / 2**30:.0f} GiB, Python {sys.version.split()[0]}, "
          f"OPENBLAS_NUM_THREADS={os.environ.get('OPENBLAS_NUM_THREADS', 'unset')}, "
          f"load {psutil.getloadavg()[0]:.1f} at {datetime.datetime.now():%Y-%m-%d %H:%M}\n")  # fmt: skip
    turns.table(COLUMNS, [])
    for number in args.students:
        row = asyncio.run(hold_class(number, cells, args.training, args.seconds))
        print(f"| {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main()
