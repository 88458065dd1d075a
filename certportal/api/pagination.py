"""Cursor pages, newest first."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Pages by a cursor over (created_at, id); stable while rows are added."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = ("-created_at", "-id")
