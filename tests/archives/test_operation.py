"""operation: contexts fit into one association; each status passes, is retried or fails."""

import pytest
from pynetdicom import AllStoragePresentationContexts
from pynetdicom.status import QR_GET_SERVICE_CLASS_STATUS, QR_MOVE_SERVICE_CLASS_STATUS

from elsewhere.archives.archive import Denied, Failed
from elsewhere.archives.operation import check_status, storage_contexts
from elsewhere.archives.pace import Transient
from elsewhere.archives.receive import SYNTAXES

EVERY = [str(one.abstract_syntax) for one in AllStoragePresentationContexts]


@pytest.mark.parametrize("count", [1, 2, 9, 10, 127, len(EVERY)])
def test_contexts_fit_an_association(count: int) -> None:
    contexts = storage_contexts(EVERY[:count])
    assert len(contexts) <= 127
    if count * len(SYNTAXES) <= 127:
        assert all(len(one.transfer_syntax) == 1 for one in contexts)
        assert len(contexts) == count * len(SYNTAXES)
    else:
        assert all(one.transfer_syntax == list(SYNTAXES) for one in contexts)


def test_every_status_of_the_standard_is_judged() -> None:
    for status, (category, _) in {
        **QR_GET_SERVICE_CLASS_STATUS,
        **QR_MOVE_SERVICE_CLASS_STATUS,
    }.items():
        if category in ("Success", "Pending") or status == 0xB000:
            check_status(status)
        else:
            with pytest.raises((Denied, Failed, Transient)):
                check_status(status)
    with pytest.raises(Transient):
        check_status(None)
