"""What is carried is counted."""

from elsewhere.federation.in_process import run_round


def test_bytes_and_seconds_of_a_round(federation):
    """The first round brings no sum; encrypted it is larger than 8 bytes a value."""
    plain, sealed = (federation(name=name, encryption=name) for name in ("none", "bfv"))
    first, second = (run_round(plain.adder, plain.hospitals) for _ in range(2))
    assert first.bytes_up == second.bytes_up == 3 * 8 * 301  # 300 weights and the count
    assert first.bytes_down < 3000 < 3 * 8 * 301 < second.bytes_down
    traffic = run_round(sealed.adder, sealed.hospitals)
    assert traffic.bytes_up > 10 * first.bytes_up
    assert traffic.encrypt_seconds > 0
    assert traffic.add_seconds > 0
