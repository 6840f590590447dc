"""DLPack capsules that lie, made by hand: an error or a right answer, never a dead process.

A tensor class of a framework may be subclassed, and its `__dlpack__` then gives what it likes.
"""

from __future__ import annotations

import json

from child_process import python_output

# DLManagedTensor and a subclass of ndarray whose capsules are made by a function of the attack.
PRELUDE = '''
import ctypes
import gc
import threading
import time

import numpy as np

from opsbridge.errors import OpsbridgeError
from opsbridge.mindspore.ops import NMSWithMask
from opsbridge.torchvision.ops import nms, roi_align

BOXES = np.array([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2, 2]], np.float32)
SCORES = np.array([0.8, 0.7, 0.6], np.float32)


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device", ctypes.c_int32), ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)), ("offset", ctypes.c_uint64),
    ]


class Managed(ctypes.Structure):
    _fields_ = [("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
ALIVE = []
NAME = b"dltensor"


def managed(array, **lies):
    """What DLPack says of an array, with the lies in place of the truth."""
    shape = (ctypes.c_int64 * array.ndim)(*array.shape)
    strides = (ctypes.c_int64 * array.ndim)(*(s // array.itemsize for s in array.strides))
    said = dict(
        data=array.ctypes.data, device=1, device_id=0, ndim=array.ndim, code=2,
        bits=8 * array.itemsize, lanes=1, shape=shape, strides=strides, offset=0,
    )
    for name in ("shape", "strides"):
        if lies.get(name):
            lies[name] = (ctypes.c_int64 * len(lies[name]))(*lies[name])
    made = Managed(Tensor(**{**said, **lies}), None, None)
    ALIVE.append((array, made, shape, strides, lies))
    return made


def capsule(array, name=NAME, **lies):
    return new_capsule(ctypes.addressof(managed(array, **lies)), name, None)


class Liar(np.ndarray):
    """An array that hands out the capsule it was given."""

    answer = None

    def __dlpack__(self, **options):
        return type(self).answer()

    def __dlpack_device__(self):
        return (1, 0)


def told(answer):
    """Boxes of a class of their own whose capsule is what the function gives."""
    kind = type("Told", (Liar,), {"answer": staticmethod(answer)})
    return BOXES.view(kind)


def bears(boxes):
    """An error of the library or of Python, or what the memory says: [0, 2] for true boxes."""
    try:
        return nms(boxes, SCORES, 0.4).tolist()
    except (OpsbridgeError, BufferError, TypeError, ValueError, RuntimeError, MemoryError) as error:
        return type(error).__name__
'''

ATTACKS: dict[str, str] = {
    "the truth": """
        assert bears(told(lambda: capsule(BOXES))) == [0, 2]
    """,
    "consumed twice": """
        one = capsule(BOXES)
        liar = told(lambda: one)
        first = bears(liar)
        assert first == [0, 2]
        for _ in range(3):
            assert bears(liar) == [0, 2] or isinstance(bears(liar), str)
    """,
    "consumed by another": """
        one = capsule(BOXES)
        class Other:
            def __dlpack__(self, **options): return one
            def __dlpack_device__(self): return (1, 0)
        np.from_dlpack(Other())
        assert bears(told(lambda: one)) in ("BufferError", "TypeError", "ValueError",
            "RuntimeError", "DtypeError", "ArgumentError", [0, 2])
    """,
    "another name": """
        for name in (b"used_dltensor", b"dltensor_versioned_2", b"", b"arrow_array"):
            bears(told(lambda: capsule(BOXES, name)))
    """,
    "no capsule": """
        for answer in (None, 7, b"dltensor", BOXES, object()):
            bears(told(lambda: answer))
    """,
    "no memory": """
        said = bears(told(lambda: capsule(BOXES, data=None)))
        assert isinstance(said, str) or said == [0, 2], said
    """,
    "negative strides": """
        flipped = np.ascontiguousarray(BOXES[::-1])
        last = flipped.ctypes.data + 2 * 16
        said = bears(told(lambda: capsule(flipped, data=last, strides=(-4, 1))))
        assert said == [0, 2] or isinstance(said, str)
        assert nms(flipped[::-1], SCORES, 0.4).tolist() == [0, 2]
    """,
    "no strides": """
        assert bears(told(lambda: capsule(BOXES, strides=None))) == [0, 2]
    """,
    "another device": """
        for device in (2, 3, 4, 7, 8, 10, 13, 14, 99, -1):
            assert bears(told(lambda: capsule(BOXES, device=device))) == [0, 2] or isinstance(
                bears(told(lambda: capsule(BOXES, device=device))), str)
    """,
    "another dtype": """
        for code, bits, lanes in ((0, 32, 1), (2, 16, 1), (2, 32, 4), (2, 128, 1), (3, 64, 1),
                                  (5, 64, 1), (6, 8, 1), (250, 32, 1), (2, 0, 1), (2, 32, 0)):
            bears(told(lambda: capsule(BOXES, code=code, bits=bits, lanes=lanes)))
    """,
    "another shape": """
        for shape in ((0, 4), (3, 5), (-1, 4), (3, -4), (2, 4)):
            bears(told(lambda: capsule(BOXES, shape=shape)))
        for ndim in (0, 1):
            bears(told(lambda: capsule(BOXES, ndim=ndim)))
    """,
    "an error in place of a capsule": """
        class Odd(Exception): pass
        def fails(): raise Odd
        try:
            assert nms(told(fails), SCORES, 0.4).tolist() == [0, 2]
        except Odd:
            pass
    """,
    "another capsule each time": """
        turns = iter(range(10**6))
        def answer():
            return capsule(BOXES if next(turns) % 2 else BOXES[:2])
        for _ in range(20):
            bears(told(answer))
    """,
    "an array that ends during the call": """
        def answer():
            array = BOXES.copy()
            made = capsule(array)
            gc.collect()
            return made
        for _ in range(50):
            assert bears(told(answer)) == [0, 2]
    """,
    "one tensor as every argument": """
        scores = BOXES[:, 0]
        assert nms(BOXES, scores, 0.4).size >= 1
        square = np.zeros((5, 5), np.float32)
        NMSWithMask(0.5)(square)
        roi_align(square.reshape(1, 1, 5, 5), square, 2)
        assert not square.any()
    """,
    "a shape that changes during the call": """
        boxes = np.random.default_rng(0).uniform(0, 9, (4000, 4)).astype(np.float32)
        scores = np.arange(4000, dtype=np.float32)
        done = threading.Event()
        def reshape():
            while not done.is_set():
                boxes.shape = (2000, 8)
                boxes.shape = (4000, 4)
                scores.shape = (2000, 2)
                scores.shape = (4000,)
        other = threading.Thread(target=reshape)
        other.start()
        try:
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                try:
                    keep = nms(boxes, scores, 0.5)
                    assert keep.size and 0 <= keep.min() <= keep.max() < 4000
                except (OpsbridgeError, ValueError, BufferError):
                    pass
        finally:
            done.set()
            other.join()
    """,
}


# All in one process: it takes long to start. What it says last is the attack that ended it.
RUN = """
import json, sys, textwrap
for name, code in json.loads(sys.argv[1]).items():
    print(name, flush=True)
    exec(textwrap.dedent(code), dict(globals()))
"""


def test_the_process_survives_every_capsule() -> None:
    said = python_output(PRELUDE + RUN, json.dumps(ATTACKS), seconds=300)
    assert said.splitlines() == list(ATTACKS)
