"""What a person was told, in the portal; and how they want to be told."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.identity import actor_of
from organizations.domain import news
from organizations.forms_news import MailChoicesForm

PAGE_SIZE = 25


@require_safe
def news_list(request: HttpRequest) -> HttpResponse:
    """What concerns the person, newest first; ``?unread=1``: what they have not opened yet."""
    only_unread = request.GET.get("unread") == "1"
    rows = news.of_person(actor_of(request), only_unread=only_unread)
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "organizations/news.html", {"page_obj": shown, "only_unread": only_unread})


@require_POST
def news_open(request: HttpRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """Mark one as read, and go to its page."""
    return redirect(news.read(actor_of(request), delivery_id).link or reverse("organizations:news"))


@require_POST
def news_read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    news.read_all(actor_of(request))
    messages.success(request, _("All news are marked as read."))
    return redirect("organizations:news")


@require_http_methods(["GET", "HEAD", "POST"])
def mail_choices(request: HttpRequest) -> HttpResponse:
    """Which news come by e-mail, and when."""
    actor = actor_of(request)
    form = MailChoicesForm(request.POST if request.method == "POST" else None, chosen=news.choices(actor))
    if request.method == "POST" and form.is_valid():
        news.choose(actor, form.cleaned_data)
        messages.success(request, _("Your choices are saved."))
        return redirect("organizations:mail_choices")
    return render(request, "organizations/mail_choices.html", {"form": form, "always": news.always()})
