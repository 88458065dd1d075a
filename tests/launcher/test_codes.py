"""The codes of the demo's authenticator are those of RFC 6238, cut to six digits."""

import pytest

from certportal.launcher.codes import code_at, seconds_left

#: RFC 6238, appendix B (SHA-1): the secret is the text 12345678901234567890.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_a_code_is_that_of_the_standard(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds) == code


def test_a_code_lasts_until_the_half_minute_is_over() -> None:
    assert [seconds_left(at) for at in (0, 1, 29, 30)] == [30, 29, 1, 30]
