"""A server that sends code to the hospitals and asks them to run it: `foreign.py FOLDER MARK`.

It has the right certificate and knows the hospitals. Its run names a bundle whose modules would
write the file MARK, wherever they are imported. Prints what the hospitals answer.
"""

import sys
from pathlib import Path

from elsewhere.carriers import coordinator
from elsewhere.carriers.endpoint import Endpoint
from elsewhere.carriers.flower import server
from elsewhere.federation import wire
from elsewhere.federation.agreement import Agreement

folder, mark = map(Path, sys.argv[1:])
agreement = Agreement.read(folder / "agreement.json")
code = f"import pathlib; pathlib.Path({str(mark)!r}).touch(); app = None\n".encode()
build = server.build_fab_from_files


def with_code(files):
    settings = files["pyproject.toml"].replace(b"nothing:app", b"foreign.app:app")
    added = {"foreign/__init__.py": code, "foreign/app.py": code}
    content, about = build({**files, "pyproject.toml": settings, **added})
    assert b"foreign/app.py" in content
    return content, about


server.build_fab_from_files = with_code
endpoint = Endpoint(agreement.host, agreement.port, agreement.authority)
with server.FlowerCarrier(folder, endpoint, node_keys=coordinator.nodes(folder)) as carrier:
    requests = dict.fromkeys(agreement.sites, b"import foreign.app")
    for site, answer in carrier.ask(requests, patience=120):
        print(f"{site}: {wire.decode(answer).refusal}", flush=True)
