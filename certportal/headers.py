"""What every answer tells the browser: one middleware, outside all others, so that no refusal and no error goes without.

An answer may say more (a stricter content policy, another ``Referrer-Policy``); what it leaves out is filled in here.
The table for people is in docs/headers.md.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: What no page of the portal asks of the browser. Second factors need ``publickey-credentials-get``: that stays ours.
DENIED = (
    "accelerometer", "autoplay", "bluetooth", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation",
    "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "screen-wake-lock", "serial", "sync-xhr", "usb", "web-share", "xr-spatial-tracking",
)  # fmt: skip
#: Filled in where the answer has no such header.
ALWAYS = {
    # pages have the policy of the settings; what comes from before it (static files, early refusals) shows nothing at all
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in DENIED),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Answers may hold a tenant's data: no cache keeps them, neither on the way nor in the browser.
UNKEPT = "private, no-store"


class HeadersMiddleware:
    """Completes the headers of every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if not _is_asset(request, response) and "no-store" not in response.headers.get("Cache-Control", ""):
            response.headers["Cache-Control"] = UNKEPT
        return response


def _is_asset(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether this is a static file, the same for everybody: only WhiteNoise says how long one is kept."""
    return request.path.startswith(settings.STATIC_URL) and "Cache-Control" in response.headers
