"""Time stamps (RFC 3161) over HTTP: one call with limits of time and size, no redirects, and a reply that is read here."""

from __future__ import annotations

import aiohttp
from asn1crypto import cms, tsp
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError

#: A token with its certificates takes under 10 KiB.
REPLY_LIMIT = 64 * 1024
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class HttpStamper(TimeStamper):
    """Asks one server. Raises ``TimestampRequestError`` for whatever goes wrong there, also for a reply in another form.

    pyHanko's own client follows redirects, reads a reply of any size and lets errors of its parser through.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, seconds: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # with a nonce
        self._session, self._url = session, url
        self._limit = aiohttp.ClientTimeout(total=seconds)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token for the digest. Who made it is for the check of the finished signature."""
        try:
            return await super().async_timestamp(message_digest, md_algorithm)
        except TimestampRequestError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise TimestampRequestError(f"the server's reply cannot be read ({type(error).__name__})") from error

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The server's reply to a query."""
        headers = {"Content-Type": _QUERY, "Accept": _REPLY}
        try:
            async with self._session.post(
                self._url, data=req.dump(), headers=headers, timeout=self._limit, allow_redirects=False
            ) as response:
                if response.status != 200 or response.content_type != _REPLY:
                    raise TimestampRequestError(f"the server answered {response.status} ({response.content_type})")
                return tsp.TimeStampResp.load(await _limited(response), strict=True)
        except TimeoutError as error:
            raise TimestampRequestError("the server did not answer in time") from error
        except aiohttp.ClientError as error:
            raise TimestampRequestError(f"the server cannot be reached ({type(error).__name__})") from error


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_chunked(8192):
        data += chunk
        if len(data) > REPLY_LIMIT:
            raise TimestampRequestError("the server's reply is too long")
    return bytes(data)
