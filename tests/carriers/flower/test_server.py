"""The server goes on, whatever a hospital sends."""

import subprocess

import pytest
from running import PYTHON

CODE = """
import sys
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity
from elsewhere.carriers.flower import parcels, server

TaskIdentity.task_id = TaskIdentity.run_id = TaskIdentity.node_id = 1
array = Array(dtype="uint8", shape=(1,), stype="x", data=b"1")
content = {
    "parcel": parcels.packed(b"abc"),
    "empty": RecordDict(),
    "other": RecordDict({"parcel": ArrayRecord({"other": array})}),
    "settings": RecordDict({"parcel": ConfigRecord({"bytes": 1})}),
}[sys.argv[1]]
print(server._bytes(Message(content, dst_node_id=1, message_type="query"), "west"))
"""


@pytest.mark.parametrize(
    ("sent", "taken"),
    [("parcel", b"abc"), ("empty", b""), ("other", b""), ("settings", b"")],
)
@pytest.mark.usefixtures("flower")
def test_an_answer_without_a_parcel_is_an_empty_one(sent, taken):
    """The adder refuses that as it refuses every other junk."""
    done = subprocess.run([PYTHON, "-c", CODE, sent], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == repr(taken), done.stderr
